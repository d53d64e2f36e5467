// SPDX-License-Identifier: Apache-2.0
import type { ByteRange } from '../driver.ts';

const MIB = 1024 * 1024;

/** The smallest part of an object that is not its last. */
export const LEAST_PART = 5 * MIB;
/** Of an object in parts; equal ones, since some stores want that. Two of them are in memory at a time. */
const PART = 8 * MIB;
const MOST_PARTS = 10_000;
/** After so many parts of unknown length, larger ones are needed to come to an end: 40 GiB. */
const MANY_PARTS = 5_000;
const LARGE_PART = 64 * MIB;

/** Copied by the store in one request: it may copy five times as much, but then nobody hears of it for minutes. */
export const LARGEST_COPY = 1024 * MIB;

/** Bytes of a part, by its place from 0; of the last one, where it is known, no more than there are: they get memory. */
export function partSizeOf(size: number | undefined): (place: number) => number {
  if (size === undefined) return (place) => (place < MANY_PARTS ? PART : LARGE_PART);
  const part = Math.max(PART, Math.ceil(size / MOST_PARTS / MIB) * MIB);
  return (place) => Math.min(part, Math.max(1, size - place * part));
}

/** Equal ranges that are together so many bytes. */
export function rangesOf(size: number, first = 0): readonly ByteRange[] {
  const count = Math.max(1, Math.ceil(size / LARGEST_COPY));
  const length = Math.ceil(size / count);
  const end = first + size - 1;
  return Array.from({ length: count }, (_, index) => ({
    first: first + index * length,
    last: Math.min(first + (index + 1) * length - 1, end),
  }));
}

/** Bytes of one of the parts of an upload, by its place among them. */
export interface Piece extends ByteRange {
  readonly part: number;
}

/** What becomes one part of the finished object: copied within the store, or brought by us. */
export type Step =
  | { readonly kind: 'copy'; readonly piece: Piece }
  | { readonly kind: 'bytes'; readonly pieces: readonly Piece[] };

/**
 * How an object is made of parts of any size, when no part but the last may be small: small ones pass through
 * us together, with the beginning of a large one if that is what they lack.
 */
export function planAssembly(sizes: readonly number[]): readonly Step[] {
  const steps: Step[] = [];
  let pieces: Piece[] = [];
  let pending = 0;
  const take = (part: number, first: number, length: number): void => {
    if (length === 0) return;
    pieces.push({ part, first, last: first + length - 1 });
    pending += length;
  };
  const flush = (): void => {
    if (pieces.length > 0) steps.push({ kind: 'bytes', pieces });
    pieces = [];
    pending = 0;
  };
  for (const [part, size] of sizes.entries()) {
    const lacking = pending === 0 ? 0 : Math.max(0, LEAST_PART - pending);
    const begun = size < LEAST_PART ? size : Math.min(size, lacking);
    take(part, 0, begun);
    const rest = size - begun;
    if (rest >= LEAST_PART) {
      flush();
      for (const range of rangesOf(rest, begun))
        steps.push({ kind: 'copy', piece: { part, ...range } });
    } else {
      if (pending >= PART) flush();
      take(part, begun, rest);
    }
  }
  flush();
  return steps;
}
