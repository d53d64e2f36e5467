// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseChunkRange } from './content-range.ts';

test.each([
  ['0-0', { first: 0, last: 0 }],
  ['0-1023', { first: 0, last: 1023 }],
  ['1024-2047', { first: 1024, last: 2047 }],
  ['007-0010', { first: 7, last: 10 }],
])('%s is where a chunk belongs', (text, range) => {
  expect(parseChunkRange(text)).toEqual(range);
});

test.each([
  '',
  '0',
  '0-',
  '-1',
  '1-0',
  'bytes 0-1/2',
  'bytes=0-1',
  '0-1/2',
  ' 0-1',
  '0 - 1',
  '0-1, 2-3',
  '0x0-0x1',
  '1e3-2e3',
  '+0-1',
  '0.0-1',
  '0-9007199254740992',
  `0-${'9'.repeat(100)}`,
])('"%s" is refused', (text) => {
  expect(parseChunkRange(text)).toBeUndefined();
});

test('any range that is written is read back, and nothing else of its letters is another one', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.string({ unit: fc.constantFrom(...'09-/ =b') }),
      (a, b, x) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        expect(parseChunkRange(`${first}-${last}`)).toEqual({ first, last });
        const parsed = parseChunkRange(x);
        const shape = /^(\d+)-(\d+)$/.exec(x);
        const expected = shape && { first: Number(shape[1]), last: Number(shape[2]) };
        expect([undefined, expected]).toContainEqual(parsed);
      },
    ),
    { numRuns: PROPERTY_RUNS },
  );
});
