// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseRange } from './range.ts';

const part = (first: number, last: number) => ({ kind: 'part', first, last });

describe('parseRange', () => {
  test.each([
    ['bytes=0-0', part(0, 0)],
    ['bytes=2-5', part(2, 5)],
    ['bytes=2-', part(2, 9)],
    ['bytes=9-99999999999999999999', part(9, 9)],
    ['bytes=-3', part(7, 9)],
    ['bytes=-99', part(0, 9)],
    ['Bytes= 0-1 ', part(0, 1)],
  ])('%s of ten bytes', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });

  test.each([
    ['bytes=10-'],
    ['bytes=10-11'],
    ['bytes=99999999999999999999-'],
    ['bytes=-0'],
    ['bytes=5-2'],
    ['bytes=1-0'],
  ])('%s of ten bytes is unsatisfiable', (header) => {
    expect(parseRange(header, 10)).toEqual({ kind: 'unsatisfiable' });
  });

  test.each([
    [undefined],
    [''],
    ['bytes=-'],
    ['bytes=0-1,3-4'],
    ['bytes=a-b'],
    ['bytes=1e1-'],
    ['bytes=--1'],
    ['lines=0-1'],
    ['bytes 0-1'],
  ])('%s is ignored', (header) => {
    expect(parseRange(header, 10)).toEqual({ kind: 'whole' });
  });

  test.each([
    ['bytes=0-', { kind: 'unsatisfiable' }],
    ['bytes=-1', { kind: 'whole' }],
  ])('%s of nothing', (header, expected) => {
    expect(parseRange(header, 0)).toEqual(expected);
  });

  test('a part lies within the whole', () => {
    const bound = fc.oneof(fc.constant(''), fc.nat(30).map(String));
    fc.assert(
      fc.property(bound, bound, fc.nat(20), (from, to, size) => {
        const range = parseRange(`bytes=${from}-${to}`, size);
        const { first, last } = range.kind === 'part' ? range : { first: 0, last: 0 };
        expect(first).toBeLessThanOrEqual(last);
        expect(last).toBeLessThan(Math.max(size, 1));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('of any text is an answer, and a part only for one plain range', () => {
    const likely = fc.string({ unit: fc.constantFrom(...'bytesBYTES=-, \t0129\0') });
    const bound = fc.stringMatching(/^\d{0,25}$/);
    const near = fc.tuple(bound, bound, likely).map(([a, b, more]) => `bytes=${a}-${b}${more}`);
    const text = fc.oneof(near, likely, fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, fc.maxSafeNat(), (header, size) => {
        const range = parseRange(header, size);
        const isPlain = /^bytes=[ \t]*(\d+-\d*|-\d+)[ \t]*$/i.test(header);
        expect(isPlain || range.kind === 'whole').toBe(true);
        const { first, last } = range.kind === 'part' ? range : { first: 0, last: 0 };
        expect([first >= 0, first <= last, last < Math.max(size, 1)]).toEqual([true, true, true]);
        expect([first, last].every(Number.isSafeInteger)).toBe(true);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
