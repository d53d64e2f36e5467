// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { adaptiveLimit } from './adaptive-limit.ts';

test('an overload halves what a host gets, and those on their way with it count as one', () => {
  const limit = adaptiveLimit({ most: 16, calm: 100 });
  limit.note('overloaded', 0);
  limit.note('overloaded', 99);
  expect(limit.current()).toBe(8);
  limit.note('overloaded', 100);
  expect(limit.current()).toBe(4);
});

test('it never ends at nothing', () => {
  const limit = adaptiveLimit({ most: 2, calm: 1 });
  for (let now = 0; now < 5; now += 1) limit.note('overloaded', now);
  expect(limit.current()).toBe(1);
});

test('as many successes as there may be requests make it one more, up to the most', () => {
  const limit = adaptiveLimit({ most: 3, calm: 1 });
  limit.note('overloaded', 0);
  expect(limit.current()).toBe(1);
  limit.note('done', 1);
  expect(limit.current()).toBe(2);
  limit.note('done', 1);
  expect(limit.current()).toBe(2);
  limit.note('done', 1);
  for (let count = 0; count < 9; count += 1) limit.note('done', 1);
  expect(limit.current()).toBe(3);
});

test('an overload undoes the successes before it', () => {
  const limit = adaptiveLimit({ most: 4, calm: 1 });
  limit.note('overloaded', 0);
  limit.note('done', 1);
  limit.note('overloaded', 0.5);
  limit.note('done', 2);
  expect(limit.current()).toBe(2);
});
