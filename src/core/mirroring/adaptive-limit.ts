// SPDX-License-Identifier: Apache-2.0

/** How a request to a host ended, as far as it tells how much the host bears. */
export type RequestOutcome = 'done' | 'overloaded';

/** How many requests a host gets at once. */
export interface AdaptiveLimit {
  /** At least 1. */
  current(): number;
  /** @param now milliseconds of any clock that only grows */
  note(outcome: RequestOutcome, now: number): void;
}

export interface AdaptiveLimitOptions {
  readonly most: number;
  /** Milliseconds in which several overloads count as one: they were on their way together. */
  readonly calm: number;
}

/**
 * One more at a time after as many successes as there may be requests, half as many after an overload: hosts that
 * several such clients share end up shared evenly.
 * https://www.rfc-editor.org/rfc/rfc5681#section-3.1
 */
export function adaptiveLimit({ most, calm }: AdaptiveLimitOptions): AdaptiveLimit {
  let limit = most;
  let successes = 0;
  let lastCut = Number.NEGATIVE_INFINITY;
  return {
    current: () => limit,
    note(outcome, now) {
      if (outcome === 'done') {
        successes += 1;
        if (successes < limit) return;
        successes = 0;
        limit = Math.min(most, limit + 1);
        return;
      }
      successes = 0;
      if (now - lastCut < calm) return;
      lastCut = now;
      limit = Math.max(1, Math.floor(limit / 2));
    },
  };
}
