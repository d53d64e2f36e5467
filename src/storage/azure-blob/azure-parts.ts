// SPDX-License-Identifier: Apache-2.0
import type { ByteRange } from '../driver.ts';

const MIB = 1024 * 1024;

/** Two of them are in memory at a time. */
export const BLOCK = 8 * MIB;
const MOST_BLOCKS = 50_000;
/** After so many blocks of unknown length, larger ones are needed to come to an end: 195 GiB. */
const MANY_BLOCKS = 25_000;
const LARGE_BLOCK = 64 * MIB;

/** Copied by the store in one request. */
export const LARGEST_COPY = 256 * MIB;

/** Bytes of a block, by its place from 0. */
export function blockSizeOf(size: number | undefined): (place: number) => number {
  if (size === undefined) return (place) => (place < MANY_BLOCKS ? BLOCK : LARGE_BLOCK);
  const least = Math.ceil(size / MOST_BLOCKS / MIB) * MIB;
  return () => Math.max(BLOCK, least);
}

/** Ranges that are together so many bytes, each as large as it may be but the last. */
export function rangesOf(size: number, most: number): readonly ByteRange[] {
  return Array.from({ length: Math.ceil(size / most) }, (_, place) => ({
    first: place * most,
    last: Math.min((place + 1) * most, size) - 1,
  }));
}
