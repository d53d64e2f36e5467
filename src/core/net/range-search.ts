// SPDX-License-Identifier: Apache-2.0
import { at } from '../bytes.ts';
import type { Words } from './ipv6.ts';

const BUCKETS = 2 ** 16;

/**
 * Makes the search for the last range that starts at or before an IPv4 address. `starts` is sorted and
 * begins with 0. The first 16 bits of an address lead to the few ranges that lie in its bucket.
 */
export function ipv4Search(starts: Uint32Array): (value: number) => number {
  const buckets = bucketIndex(starts);
  return (value) => {
    const bucket = value >>> 16;
    let low = at(buckets, bucket);
    let count = at(buckets, bucket + 1) + 1 - low;
    while (count > 1) {
      const half = count >>> 1;
      // Sums, not branches: which half it is nobody can guess, and a processor that does is wrong every other time.
      low += half * Number(at(starts, low + half) <= value);
      count -= half;
    }
    return low;
  };
}

/** For the first address of each bucket, and once more behind the last one: the range it lies in. */
function bucketIndex(starts: Uint32Array): Uint16Array | Uint32Array {
  // 128 KiB stay in a processor's second cache; 256 KiB often do not.
  const Index = starts.length <= 2 ** 16 ? Uint16Array : Uint32Array;
  const buckets = new Index(BUCKETS + 1);
  for (let range = 0; range < starts.length; range++) {
    const isLast = range + 1 === starts.length;
    const end = isLast ? BUCKETS + 1 : bucketFrom(at(starts, range + 1));
    buckets.fill(range, bucketFrom(at(starts, range)), end);
  }
  return buckets;
}

/** The first bucket that begins at or behind an address. */
function bucketFrom(start: number): number {
  return Math.ceil(start / BUCKETS);
}

/** The same for IPv6, four words for each start. What clouds announce shares its first bits: no index by them. */
export function ipv6Search(starts: Uint32Array): (words: Words) => number {
  return (words) => {
    let low = 0;
    let count = starts.length / 4;
    while (count > 1) {
      const half = count >>> 1;
      if (isAtOrBefore(starts, (low + half) * 4, words)) low += half;
      count -= half;
    }
    return low;
  };
}

function isAtOrBefore(starts: Uint32Array, place: number, words: Words): boolean {
  const first = at(starts, place);
  if (first !== words[0]) return first < words[0];
  const second = at(starts, place + 1);
  if (second !== words[1]) return second < words[1];
  const third = at(starts, place + 2);
  if (third !== words[2]) return third < words[2];
  return at(starts, place + 3) <= words[3];
}
