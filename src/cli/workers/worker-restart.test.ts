// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { restartDelay } from './worker-restart.ts';

test('a worker that lived long is replaced at once, whatever came before', () => {
  expect(restartDelay(60_000, 0)).toBe(0);
  expect(restartDelay(3_600_000, 10_000)).toBe(0);
});

test('workers that die young are replaced later each time, by ten seconds at most', () => {
  const delays = [0];
  for (let death = 0; death < 9; death += 1) delays.push(restartDelay(59_999, delays.at(-1) ?? 0));
  expect(delays).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});
