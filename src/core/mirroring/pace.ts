// SPDX-License-Identifier: Apache-2.0

/** When so much may pass that over any time it is no more than a rate, and one burst. */
export interface Pace {
  /**
   * Comes after everything that was taken before, so that nobody is passed by.
   *
   * @param now milliseconds of any clock that only grows
   * @returns when it may pass, by the same clock
   */
  take(amount: number, now: number): number;
}

export interface PaceOptions {
  readonly perSecond: number;
  /** What may pass at once after a pause: as much as anybody takes, or more. */
  readonly burst: number;
}

/**
 * A token bucket as one number: when all that was taken is paid for. Before that it is empty, and says how long to wait.
 * https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
export function pace({ perSecond, burst }: PaceOptions): Pace {
  const allowance = (burst * 1_000) / perSecond;
  let paidAt = Number.NEGATIVE_INFINITY;
  return {
    take(amount, now) {
      paidAt = Math.max(paidAt, now - allowance) + (amount * 1_000) / perSecond;
      return paidAt;
    },
  };
}
