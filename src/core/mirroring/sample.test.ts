// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooserOf, parseSample, type Sample } from './sample.ts';

function chosen(sample: Sample, total: number, random: () => number): number {
  const isChosen = chooserOf(sample, total, random);
  return Array.from({ length: total }, () => isChosen()).filter(Boolean).length;
}

test('a sample is a percentage or a number', () => {
  expect(parseSample('5%')).toEqual({ kind: 'share', share: 0.05 });
  expect(parseSample('0.5%')).toEqual({ kind: 'share', share: 0.005 });
  expect(parseSample('100%')).toEqual({ kind: 'share', share: 1 });
  expect(parseSample('1000')).toEqual({ kind: 'count', count: 1000 });
});

test.each(['', '%', '101%', '-1', '5 %', '1e3', '0x10', '5%%'])('"%s" is none', (text) => {
  expect(parseSample(text)).toBeUndefined();
});

test('all are chosen, or a share of them', () => {
  const half = [0.2, 0.7];
  let at = 0;
  const random = () => half[at++ % 2] ?? 0;
  expect(chosen({ kind: 'all' }, 7, random)).toBe(7);
  expect(chosen({ kind: 'share', share: 0.5 }, 8, random)).toBe(4);
  expect(chosen({ kind: 'share', share: 0 }, 8, () => 0)).toBe(0);
});

test('a number is chosen exactly, whatever chance says, and any of them may be', () => {
  const places = fc.tuple(fc.nat(30), fc.nat(30), fc.infiniteStream(fc.double(UNIT)));
  fc.assert(
    fc.property(places, ([count, total, stream]) => {
      const random = () => stream.next().value;
      const found = chosen({ kind: 'count', count }, total, random);
      expect(found).toBe(Math.min(count, total));
    }),
  );
  const last = chooserOf({ kind: 'count', count: 1 }, 3, () => 0.99);
  expect([last(), last(), last()]).toEqual([false, false, true]);
});

test('more than was said are not chosen once there are enough', () => {
  const choose = chooserOf({ kind: 'count', count: 1 }, 1, () => 0);
  expect([choose(), choose(), choose()]).toEqual([true, false, false]);
});

const UNIT = { min: 0, max: 1, maxExcluded: true, noNaN: true } as const;
