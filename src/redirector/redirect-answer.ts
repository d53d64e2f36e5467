// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from '../core/net/cloud-region.ts';
import type { Client } from '../core/routing/client-routes.ts';
import type { Redirect } from '../core/routing/plan-route.ts';
import type { Cell, Counter } from '../metrics.ts';
import type { HttpAnswer, LogFacts } from '../protocol/http.ts';

export interface RedirectAnswerPorts {
  /** Redirects by the name they lead to and the reason. */
  readonly redirects: Counter;
  /** Clients by cloud and region; `unreadable` and `unknown` are clouds of their own. */
  readonly clients: Counter;
  /** Whether `X-Archeion-Route` and `Server-Timing` say who serves a request, and why. */
  readonly showsRoute: boolean;
}

/** Turns a redirect into its answer, and counts it; `waited` are the milliseconds that asking took. */
export type AnswerRedirect = (redirect: Redirect, client: Client, waited?: number) => HttpAnswer;

/** Everything about an answer that many have in common, worked out once. */
interface Mark {
  readonly redirects: Cell;
  readonly clients: Cell;
  readonly facts: LogFacts;
  readonly route: string;
  readonly timing: string;
}

const UNREADABLE: CloudRegion = { cloud: 'unreadable', region: '' };
const UNKNOWN: CloudRegion = { cloud: 'unknown', region: '' };

/**
 * Answers redirects. There are few places, names and reasons, and many requests: what depends on those
 * three alone is kept, and a request pays for three look-ups. Lives as long as a generation, whose places they are.
 */
export function redirectAnswers(ports: RedirectAnswerPorts): AnswerRedirect {
  const marks = new Map<CloudRegion, Map<string, Map<string, Mark>>>();
  const markOf = ({ by, reason }: Redirect, place: CloudRegion): Mark => {
    const known = marks.get(place)?.get(by)?.get(reason);
    if (known !== undefined) return known;
    const made = makeMark(ports, { by, reason, place });
    const ofPlace = marks.get(place) ?? new Map<string, Map<string, Mark>>();
    marks.set(place, ofPlace.set(by, (ofPlace.get(by) ?? new Map()).set(reason, made)));
    return made;
  };
  return (redirect, { address, location }, waited) => {
    const mark = markOf(redirect, location ?? (address === undefined ? UNREADABLE : UNKNOWN));
    mark.redirects.value += 1;
    mark.clients.value += 1;
    const { facts, route, timing } = mark;
    if (!ports.showsRoute) return { status: 307, headers: ['Location', redirect.to], facts };
    const took = waited === undefined ? timing : `${timing};dur=${waited.toFixed(1)}`;
    const headers = ['Location', redirect.to, 'X-Archeion-Route', route, 'Server-Timing', took];
    return { status: 307, headers, facts };
  };
}

interface MarkParts {
  readonly by: string;
  readonly reason: string;
  readonly place: CloudRegion;
}

function makeMark(
  { redirects, clients }: RedirectAnswerPorts,
  { by, reason, place: { cloud, region } }: MarkParts,
): Mark {
  return {
    redirects: redirects.cell(by, reason),
    clients: clients.cell(cloud, region),
    facts: { by, reason, cloud, region },
    route: `${by}; reason=${reason}; client=${region === '' ? cloud : `${cloud}/${region}`}`,
    timing: `route;desc="${by} ${reason}"`,
  };
}
