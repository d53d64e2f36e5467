// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { firstDelay, nextDelay } from './refresh-schedule.ts';

const HOUR = 3_600_000;
const MIDDLE = { interval: HOUR, chance: 0.5 };

describe('the first refresh comes', () => {
  test.each([
    ['at once when a feed has no copy', [undefined, 0], 0],
    ['at once when one is overdue', [2 * HOUR, 0], 0],
    ['when the oldest is due', [HOUR / 4, HOUR / 2], HOUR / 2],
    ['after one interval when the clock was put back', [-9 * HOUR], HOUR],
    ['after one interval when nothing is fetched', [], HOUR],
  ])('%s', (_, ages, delay) => {
    expect(firstDelay(ages, MIDDLE)).toBe(delay);
  });
});

test('the next one comes after the interval, a tenth sooner or later', () => {
  expect(nextDelay(false, { interval: HOUR, chance: 0 })).toBe(3_240_000);
  expect(nextDelay(false, { interval: HOUR, chance: 1 })).toBe(3_960_000);
});

test('a feed that could not be had is asked for sooner, but never more often than was said', () => {
  expect(nextDelay(true, MIDDLE)).toBe(300_000);
  expect(nextDelay(true, { interval: 10_000, chance: 0.5 })).toBe(10_000);
});
