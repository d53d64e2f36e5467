// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { delayBefore, isWorthAnother } from './attempts.ts';

test.each([
  [503, 1, true],
  [429, 2, true],
  [503, 3, false],
  [404, 1, false],
  [501, 1, false],
])('%i at attempt %i of 3 is tried again: %s', (status, attempt, expected) => {
  expect(isWorthAnother(status, attempt, 3)).toBe(expected);
});

test.each([
  [1, undefined, 0, 100],
  [1, undefined, 1, 200],
  [3, undefined, 1, 800],
  [1, '2', 1, 2_000],
  [1, '3600', 1, 10_000],
  [1, 'Wed, 21 Oct 2026 07:28:00 GMT', 1, 200],
])(
  'after attempt %i, asked for %j, with %f of chance: %i ms',
  (attempt, asked, random, expected) => {
    expect(delayBefore(attempt, asked, () => random)).toBe(expected);
  },
);
