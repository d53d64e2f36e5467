// SPDX-License-Identifier: Apache-2.0
import type { Client } from '../core/routing/client-routes.ts';
import type { Delivery, ProxyDelivery, Redirect } from '../core/routing/route-plan.ts';
import type { Counter } from '../metrics.ts';
import type { HttpAnswer, HttpRequest } from '../protocol/http.ts';
import type { FetchProxied } from './proxy.ts';
import type { RecordPull } from './pull-events.ts';
import { type RouteMark, routeMarks } from './route-marks.ts';

export interface DeliverPorts {
  readonly fetchProxied: FetchProxied;
  /** Undefined when nobody wants to know of pulls. */
  readonly recordPull: RecordPull | undefined;
  /** Redirects, and what was fetched for clients: by the name they lead to or came from, and the reason. */
  readonly redirects: Counter;
  readonly proxied: Counter;
  readonly clients: Counter;
}

export interface Asking {
  readonly request: HttpRequest;
  readonly client: Client;
  /** Milliseconds that asking took. */
  readonly waited?: number;
}

/** Answers with what was decided, and counts it. A redirect costs no promise. */
export type Deliver = (delivery: Delivery, asking: Asking) => HttpAnswer | Promise<HttpAnswer>;

/** @param showsRoute whether `X-Archeion-Route` and `Server-Timing` say who serves a request, and why */
export function delivering(ports: DeliverPorts, showsRoute: boolean): Deliver {
  const { redirects, proxied, clients, recordPull } = ports;
  const markRedirect = routeMarks({ answers: redirects, clients });
  const markProxied = routeMarks({ answers: proxied, clients });

  function redirect(delivery: Redirect, { request, client, waited }: Asking): HttpAnswer {
    const mark = markRedirect(delivery, client);
    recordPull?.({ request, delivery, place: mark.place });
    const { facts, route } = mark;
    if (!showsRoute) return { status: 307, headers: ['Location', delivery.to], facts };
    const timing = timingOf(mark, waited);
    const headers = ['Location', delivery.to, 'X-Archeion-Route', route, 'Server-Timing', timing];
    return { status: 307, headers, facts };
  }

  async function proxy(wanted: ProxyDelivery, { request, client, waited }: Asking) {
    const { answer, used: delivery } = await ports.fetchProxied(wanted, request);
    const mark = markProxied(delivery, client);
    if (answer.status < 300) recordPull?.({ request, delivery, place: mark.place });
    const route = ['X-Archeion-Route', mark.route, 'Server-Timing', timingOf(mark, waited)];
    const headers = showsRoute ? [...answer.headers, ...route] : answer.headers;
    return { ...answer, headers, facts: { ...mark.facts, ...answer.facts } };
  }

  return (delivery, asking) =>
    delivery.kind === 'redirect' ? redirect(delivery, asking) : proxy(delivery, asking);
}

function timingOf({ timing }: RouteMark, waited: number | undefined): string {
  return waited === undefined ? timing : `${timing};dur=${waited.toFixed(1)}`;
}
