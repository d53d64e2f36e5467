// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { byteRate } from './byte-rate.ts';

test('a rate is that of the last ten seconds', () => {
  const rate = byteRate();
  expect(rate.note(0, 0)).toBe(0);
  expect(rate.note(1_000, 1_000)).toBe(1_000);
  expect(rate.note(9_000, 9_000)).toBe(1_000);
  expect(rate.note(9_000, 14_000)).toBe(615);
  expect(rate.note(9_000, 19_000)).toBe(0);
});

test('a look after a long pause counts what came in it', () => {
  const rate = byteRate();
  rate.note(0, 0);
  expect(rate.note(60_000, 60_000)).toBe(1_000);
});

test('what is taken back is no rate', () => {
  const rate = byteRate();
  rate.note(5_000, 0);
  expect(rate.note(0, 1_000)).toBe(0);
});
