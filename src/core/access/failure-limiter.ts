// SPDX-License-Identifier: Apache-2.0
import type { Address } from '../net/address.ts';
import { formatPrefix, prefixOf } from '../net/prefix.ts';
import { FULL, putBack, tokenBucket } from '../net/token-bucket.ts';
import { recentMap } from '../recent-map.ts';

/** How often an address may be wrong about a password. Times are milliseconds from any point on. */
export interface FailureLimiter {
  /** Counts one more attempt as a failure: 0, or the milliseconds until there may be another. */
  take(address: Address | undefined, now: number): number;
  /** The attempt was none: it was right, or nobody came to look at it. */
  giveBack(address: Address | undefined): void;
}

/** Enough for a whole office with new passwords; a tenth of a failure a second is 8,640 a day. */
const FAILURES = { burst: 20, requestsPerSecond: 1 };
/** The bucket counts whole requests a second; its clock goes slower by this. */
const SLOWER = 10;
const MOST_CLIENTS = 65_536;
/** What one household or one machine has to itself. */
const BITS = { 4: 32, 6: 56 } as const;

/**
 * Counted before the password is looked at, and given back when it was right: else as many guesses as can be
 * under way at once would be free. Those whose address cannot be told share one bucket.
 */
export function failureLimiter(): FailureLimiter {
  const bucket = tokenBucket(FAILURES);
  const kept = recentMap<string, number>(MOST_CLIENTS);
  return {
    take(address, now) {
      const key = keyOf(address);
      const fullAt = kept.get(key) ?? FULL;
      const time = Math.floor(now / SLOWER);
      const next = bucket.take(fullAt, time);
      if (next === undefined) return bucket.waitFor(fullAt, time) * SLOWER;
      kept.set(key, next);
      return 0;
    },
    giveBack(address) {
      const key = keyOf(address);
      const fullAt = kept.get(key);
      if (fullAt !== undefined) kept.set(key, putBack(fullAt));
    },
  };
}

function keyOf(address: Address | undefined): string {
  return address === undefined ? 'unknown' : formatPrefix(prefixOf(address, BITS[address.kind]));
}
