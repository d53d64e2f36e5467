// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import {
  LARGEST_COPY,
  LEAST_PART,
  type Piece,
  partSizeOf,
  planAssembly,
  rangesOf,
} from './s3-parts.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

test.each([
  [5 * GIB, 8],
  [80 * GIB, 9],
  [5 * 1024 * GIB, 525],
])('%i bytes go in equal parts of %i MiB, and what is left', (size, mebibytes) => {
  const sizeOf = partSizeOf(size);
  const part = mebibytes * MIB;
  expect([sizeOf(0), sizeOf(1)]).toEqual([part, part]);
  expect(part * 10_000).toBeGreaterThanOrEqual(size);
  const last = Math.ceil(size / part) - 1;
  expect(sizeOf(last)).toBe(size - last * part);
});

test('what fits into a part has one of its size', () => {
  expect(partSizeOf(3 * MIB)(0)).toBe(3 * MIB);
  expect(partSizeOf(0)(0)).toBe(1);
});

test('parts of a body of unknown length become larger when there are very many', () => {
  const sizeOf = partSizeOf(undefined);
  expect([sizeOf(0), sizeOf(4_999), sizeOf(5_000)]).toEqual([8 * MIB, 8 * MIB, 64 * MIB]);
});

test('what is copied is copied in equal ranges', () => {
  expect(rangesOf(10)).toEqual([{ first: 0, last: 9 }]);
  expect(rangesOf(LARGEST_COPY + 1, 7)).toEqual([
    { first: 7, last: 7 + LARGEST_COPY / 2 },
    { first: 8 + LARGEST_COPY / 2, last: 7 + LARGEST_COPY },
  ]);
});

const lengthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, { first, last }) => sum + last - first + 1, 0);

test.each([
  [[], 0, 0],
  [[3], 0, 1],
  [[6 * MIB], 1, 0],
  [[6 * MIB, 3], 1, 1],
  [[3, 6 * MIB], 0, 1],
  [[3, 11 * MIB], 1, 1],
  [Array.from({ length: 20 }, () => MIB), 0, 3],
])('of parts %j %i are copied and %i brought', (sizes, copied, brought) => {
  const steps = planAssembly(sizes);
  expect(steps.filter(({ kind }) => kind === 'copy')).toHaveLength(copied);
  expect(steps.filter(({ kind }) => kind === 'bytes')).toHaveLength(brought);
});

test('every byte comes once, in order, and no step but the last is small or needs much memory', () => {
  const size = fc.oneof(
    fc.nat(3 * MIB),
    fc.integer({ min: LEAST_PART - 2, max: LEAST_PART + 2 }),
    fc.integer({ min: 8 * MIB, max: 3 * GIB }),
  );
  fc.assert(
    fc.property(fc.array(size, { maxLength: 20 }), (sizes) => {
      const steps = planAssembly(sizes).map((step) =>
        step.kind === 'copy' ? [step.piece] : step.pieces,
      );
      const places = sizes.map(() => 0);
      let part = 0;
      for (const { first, last, part: next } of steps.flat()) {
        expect(next).toBeGreaterThanOrEqual(part);
        part = next;
        expect(first).toBe(places[part]);
        places[part] = last + 1;
      }
      expect(places).toEqual(sizes);
      for (const pieces of steps.slice(0, -1)) {
        expect(lengthOf(pieces)).toBeGreaterThanOrEqual(LEAST_PART);
      }
      const brought = planAssembly(sizes).flatMap((step) =>
        step.kind === 'bytes' ? [lengthOf(step.pieces)] : [],
      );
      expect(Math.max(0, ...brought)).toBeLessThan(16 * MIB);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
