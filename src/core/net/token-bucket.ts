// SPDX-License-Identifier: Apache-2.0

/** `burst` requests at once, and from then on so many a second. Whole numbers, both at least 1. */
export interface TokenBucketLimits {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

/**
 * A bucket as one number: when it will be full again, in thousandths of a request since the clock began. An
 * empty bucket is full after a time that tells how much is missing, so a level and its time need not be kept apart.
 */
export type FullAt = number;

/** What one request takes: every millisecond gives `requestsPerSecond` of these back. */
const REQUEST = 1_000;

/** The arithmetic of a bucket. Times are whole milliseconds from any point on; nothing here is ever a fraction. */
export interface TokenBucket {
  /** The bucket after one request, or undefined when there is nothing left in it for one. */
  take(fullAt: FullAt, now: number): FullAt | undefined;
  /** Milliseconds until there is something left for one request. */
  waitFor(fullAt: FullAt, now: number): number;
}

/** The bucket when one request that was taken is put back. */
export function putBack(fullAt: FullAt): FullAt {
  return fullAt - REQUEST;
}

/** A bucket that nothing was ever taken from. */
export const FULL: FullAt = 0;

export function tokenBucket({ requestsPerSecond, burst }: TokenBucketLimits): TokenBucket {
  const mostMissing = (burst - 1) * REQUEST;
  return {
    take(fullAt, now) {
      const present = now * requestsPerSecond;
      const missing = Math.max(0, fullAt - present);
      return missing > mostMissing ? undefined : present + missing + REQUEST;
    },
    waitFor(fullAt, now) {
      const missing = fullAt - now * requestsPerSecond;
      return Math.max(0, Math.ceil((missing - mostMissing) / requestsPerSecond));
    },
  };
}
