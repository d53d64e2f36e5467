// SPDX-License-Identifier: Apache-2.0

/** `half-open`: the pause is over, and one probe at a time may find out whether the backend is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerLimits {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** Milliseconds it stays open; doubled each time it opens again before a success, up to `longestPause`. */
  readonly pause: number;
  readonly longestPause: number;
}

/** Keeps a backend that keeps failing from being asked, and finds out when it is back. */
export interface CircuitBreaker {
  state(): BreakerState;
  /** Takes the one trial there is while half-open. What was taken is given back by the next `record`. */
  tryTrial(): boolean;
  record(outcome: 'success' | 'failure'): void;
}

export const DEFAULT_BREAKER: BreakerLimits = { failures: 5, pause: 5_000, longestPause: 60_000 };

export function circuitBreaker(limits: BreakerLimits, now: () => number): CircuitBreaker {
  let failures = 0;
  let pause = limits.pause;
  let openUntil: number | undefined;
  let isTrying = false;

  function state(): BreakerState {
    if (openUntil === undefined) return 'closed';
    return now() < openUntil ? 'open' : 'half-open';
  }

  function open(): void {
    openUntil = now() + pause;
    pause = Math.min(pause * 2, limits.longestPause);
  }

  return {
    state,
    tryTrial() {
      if (isTrying) return false;
      isTrying = true;
      return true;
    },
    record(outcome) {
      const before = state();
      isTrying = false;
      if (outcome === 'success') {
        failures = 0;
        pause = limits.pause;
        openUntil = undefined;
        return;
      }
      failures += 1;
      // What was under way when it opened fails late, and says nothing new.
      if (before === 'half-open' || (before === 'closed' && failures >= limits.failures)) open();
    },
  };
}
