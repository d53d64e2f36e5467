// SPDX-License-Identifier: Apache-2.0
import type { ContentSeen, HopSeen, Outcome } from '../core/doctor/observation.ts';
import { type Hop, MOST_REDIRECTS } from '../upstream/redirect-policy.ts';
import { type Question, type StepPorts, takeStep } from './take-step.ts';

/** A request on all of its way. */
export interface Followed {
  readonly hops: readonly HopSeen[];
  readonly content?: ContentSeen;
  readonly challenges?: string;
}

const LOOP: Outcome = { kind: 'failed', failure: 'redirect-loop' };

/** Asks, and follows redirects one by one, each written down. */
export async function follow(question: Question, ports: StepPorts): Promise<Followed> {
  const hops: HopSeen[] = [];
  let hop: Hop = { url: question.url, isHome: true };
  for (;;) {
    const { url } = hop;
    const { outcome, next, milliseconds, ...rest } = await takeStep(hop, question, ports);
    const isLoop = next !== undefined && hops.length === MOST_REDIRECTS;
    hops.push({
      url: url.origin + url.pathname,
      host: url.host,
      milliseconds: Math.round(milliseconds),
      outcome: isLoop ? LOOP : outcome,
    });
    if (next === undefined || isLoop) return { hops, ...rest };
    hop = next;
  }
}
