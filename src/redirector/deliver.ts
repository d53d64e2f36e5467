// SPDX-License-Identifier: Apache-2.0
import type { Client } from '../core/routing/client-routes.ts';
import type { Delivery } from '../core/routing/route-plan.ts';
import type { Counter } from '../metrics.ts';
import type { HttpAnswer, HttpRequest } from '../protocol/http.ts';
import type { FetchProxied } from './proxy.ts';
import { redirectAnswers } from './redirect-answer.ts';
import { routeMarks, timingOf } from './route-marks.ts';

export interface DeliverPorts {
  readonly fetchProxied: FetchProxied;
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

export function delivering(ports: DeliverPorts, showsRoute: boolean): Deliver {
  const { redirects, proxied, clients, fetchProxied } = ports;
  const redirect = redirectAnswers(routeMarks({ answers: redirects, clients }), showsRoute);
  const markProxied = routeMarks({ answers: proxied, clients });
  return (delivery, { request, client, waited }) => {
    if (delivery.kind === 'redirect') return redirect(delivery, client, waited);
    return fetchProxied(delivery, request).then(({ answer, used }) => {
      const mark = markProxied(used, client);
      const route = ['X-Archeion-Route', mark.route, 'Server-Timing', timingOf(mark, waited)];
      const headers = showsRoute ? [...answer.headers, ...route] : answer.headers;
      return { ...answer, headers, facts: { ...mark.facts, ...answer.facts } };
    });
  };
}
