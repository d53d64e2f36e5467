// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { blockSizeOf, rangesOf } from './azure-parts.ts';

const MIB = 1024 * 1024;

test('blocks are of one size, larger ones where there would be too many', () => {
  expect([0, 24_999, 25_000].map(blockSizeOf(undefined))).toEqual([8 * MIB, 8 * MIB, 64 * MIB]);
  expect(blockSizeOf(9 * MIB)(0)).toBe(8 * MIB);
  expect(blockSizeOf(1_000_000 * MIB)(0)).toBe(20 * MIB);
});

test.each([
  [0, []],
  [3, [{ first: 0, last: 2 }]],
  [
    5,
    [
      { first: 0, last: 3 },
      { first: 4, last: 4 },
    ],
  ],
])('%i bytes in ranges of 4', (size, ranges) => {
  expect(rangesOf(size, 4)).toEqual(ranges);
});
