// SPDX-License-Identifier: Apache-2.0
import { at } from '../bytes.ts';

/**
 * A sorted set of digests of one algorithm, each cut to its first ten bytes: among 10^9 blobs two share
 * those with a chance of one in two million, and then a backend is asked for a blob it lacks.
 * In columns, because ten bytes have no number type, and comparing numbers beats comparing bytes.
 */
export interface DigestSet {
  readonly size: number;
  /** Bytes 0 to 3 of each digest, unsigned. */
  readonly high: Uint32Array;
  /** Bytes 4 to 7. */
  readonly middle: Uint32Array;
  /** Bytes 8 and 9. */
  readonly low: Uint16Array;
  /** Of the blobs, in bytes: only where somebody wants to know them, because they weigh as much as the rest. */
  readonly sizes?: Float64Array;
}

export function digestSet(size: number, hasSizes = false): DigestSet {
  return {
    size,
    high: new Uint32Array(size),
    middle: new Uint32Array(size),
    low: new Uint16Array(size),
    ...(hasSizes && { sizes: new Float64Array(size) }),
  };
}

/** The place of a digest, given by its hexadecimal part; -1 when it is not in the set. */
export function placeOf(set: DigestSet, hex: string): number {
  const high = Number.parseInt(hex.slice(0, 8), 16);
  const middle = Number.parseInt(hex.slice(8, 16), 16);
  const low = Number.parseInt(hex.slice(16, 20), 16);
  let [from, to] = stretchOf(set, high);
  while (from < to) {
    const half = (from + to) >>> 1;
    const order =
      at(set.high, half) - high || at(set.middle, half) - middle || at(set.low, half) - low;
    if (order === 0) return half;
    if (order < 0) from = half + 1;
    else to = half;
  }
  return -1;
}

/**
 * Where digests that start with these four bytes can be. Digests are spread evenly, so the place of one
 * can be told to within a few times the root of their number; the search then stays in memory that is near. Sets
 * that are not spread so are searched whole.
 */
function stretchOf({ size, high: column }: DigestSet, high: number): [number, number] {
  const guess = Math.floor((high / 2 ** 32) * size);
  const error = Math.ceil(2 * Math.sqrt(size));
  const [before, behind] = [guess - error, guess + error];
  const from = before > 0 && at(column, before) < high ? before : 0;
  const to = behind < size && at(column, behind) > high ? behind : size;
  return [from, to];
}

/** Negative, zero or positive, as the digest at a place of one set comes before, is, or comes after that of another. */
export function compareAt(a: DigestSet, placeA: number, b: DigestSet, placeB: number): number {
  return (
    at(a.high, placeA) - at(b.high, placeB) ||
    at(a.middle, placeA) - at(b.middle, placeB) ||
    at(a.low, placeA) - at(b.low, placeB)
  );
}

/** Strictly ascending: sorted, and nothing twice. */
export function isSorted(set: DigestSet): boolean {
  for (let place = 1; place < set.size; place += 1) {
    if (compareAt(set, place - 1, set, place) >= 0) return false;
  }
  return true;
}

export function isSameSet(a: DigestSet, b: DigestSet): boolean {
  if (a.size !== b.size) return false;
  for (let place = 0; place < a.size; place += 1) {
    if (compareAt(a, place, b, place) !== 0) return false;
  }
  return true;
}
