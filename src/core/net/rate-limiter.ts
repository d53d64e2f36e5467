// SPDX-License-Identifier: Apache-2.0
import { recentMap } from '../recent-map.ts';
import type { Address } from './address.ts';
import { type Prefix, prefixContains, prefixOf } from './prefix.ts';
import { FULL, type TokenBucketLimits, tokenBucket } from './token-bucket.ts';

export interface RateLimits extends TokenBucketLimits {
  /** The bits of an address that say who it belongs to: what is the same in them shares a bucket. */
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
  /** Buckets kept at most. */
  readonly maxClients: number;
  readonly exempt: readonly Prefix[];
}

/** A bucket for each client. */
export interface RateLimiter {
  /** Takes one request from the client's bucket: 0, or the milliseconds until there is one left. */
  take(address: Address, now: number): number;
  /** Buckets that are kept. */
  readonly size: number;
}

/** Changed in place, so that a client that is known costs one look-up. */
interface Kept {
  fullAt: number;
}

/**
 * Those who ask least recently are forgotten first, and begin with a full bucket when they come back: whoever
 * has more prefixes than there are buckets would have a full one for each request anyway.
 */
export function rateLimiter(limits: RateLimits): RateLimiter {
  const bucket = tokenBucket(limits);
  const buckets = recentMap<string, Kept>(limits.maxClients);
  return {
    take(address, now) {
      if (limits.exempt.some((prefix) => prefixContains(prefix, address))) return 0;
      const key = keyOf(address, limits);
      const known = buckets.get(key);
      const kept = known ?? { fullAt: FULL };
      if (known === undefined) buckets.set(key, kept);
      const next = bucket.take(kept.fullAt, now);
      if (next === undefined) return bucket.waitFor(kept.fullAt, now);
      kept.fullAt = next;
      return 0;
    },
    get size() {
      return buckets.size;
    },
  };
}

/** The bits themselves, 16 to a character: two for IPv4 and eight for IPv6, so that the families never meet. */
function keyOf(address: Address, { ipv4Prefix, ipv6Prefix }: RateLimits): string {
  const prefix = prefixOf(address, address.kind === 4 ? ipv4Prefix : ipv6Prefix);
  if (prefix.kind === 4) return String.fromCharCode(prefix.value >>> 16, prefix.value & 0xffff);
  const [a, b, c, d] = prefix.words;
  // fromCharCode keeps the lower 16 bits of what it is given.
  return String.fromCharCode(a >>> 16, a, b >>> 16, b, c >>> 16, c, d >>> 16, d);
}
