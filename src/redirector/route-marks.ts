// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from '../core/net/cloud-region.ts';
import type { Client } from '../core/routing/client-routes.ts';
import type { Delivery } from '../core/routing/route-plan.ts';
import type { Cell, Counter } from '../metrics.ts';
import type { LogFacts } from '../protocol/http.ts';

/** Everything about an answer that many have in common, worked out once. */
export interface RouteMark {
  readonly facts: LogFacts;
  readonly place: CloudRegion;
  /** The value of `X-Archeion-Route`. */
  readonly route: string;
  readonly timing: string;
}

export interface RouteCounters {
  /** Answers by the name they come from or lead to, and the reason. */
  readonly answers: Counter;
  /** Clients by cloud and region; `unreadable` and `unknown` are clouds of their own. */
  readonly clients: Counter;
}

/** What to say of an answer to this client. Counts it. */
export type RouteMarks = (delivery: Pick<Delivery, 'by' | 'reason'>, client: Client) => RouteMark;

interface CountedMark extends RouteMark {
  readonly answers: Cell;
  readonly clients: Cell;
}

const UNREADABLE: CloudRegion = { cloud: 'unreadable', region: '' };
const UNKNOWN: CloudRegion = { cloud: 'unknown', region: '' };

/**
 * There are few places, names and reasons, and many requests: what depends on those three alone is kept, and
 * a request pays for three look-ups. Lives as long as a generation, whose places they are.
 */
export function routeMarks(counters: RouteCounters): RouteMarks {
  const marks = new Map<CloudRegion, Map<string, Map<string, CountedMark>>>();
  return ({ by, reason }, { address, location }) => {
    const place = location ?? (address === undefined ? UNREADABLE : UNKNOWN);
    let mark = marks.get(place)?.get(by)?.get(reason);
    if (mark === undefined) {
      mark = makeMark(counters, { by, reason, place });
      const ofPlace = marks.get(place) ?? new Map<string, Map<string, CountedMark>>();
      marks.set(place, ofPlace.set(by, (ofPlace.get(by) ?? new Map()).set(reason, mark)));
    }
    mark.answers.value += 1;
    mark.clients.value += 1;
    return mark;
  };
}

interface MarkParts {
  readonly by: string;
  readonly reason: string;
  readonly place: CloudRegion;
}

function makeMark({ answers, clients }: RouteCounters, parts: MarkParts): CountedMark {
  const { by, reason, place } = parts;
  const { cloud, region } = place;
  return {
    answers: answers.cell(by, reason),
    clients: clients.cell(cloud, region),
    place,
    facts: { by, reason, cloud, region },
    route: `${by}; reason=${reason}; client=${region === '' ? cloud : `${cloud}/${region}`}`,
    timing: `route;desc="${by} ${reason}"`,
  };
}

/** The value of `Server-Timing`; `waited` are the milliseconds that asking took. */
export function timingOf({ timing }: RouteMark, waited: number | undefined): string {
  return waited === undefined ? timing : `${timing};dur=${waited.toFixed(1)}`;
}
