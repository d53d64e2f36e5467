// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { existenceCache } from './existence-cache.ts';

const LIMITS = { maxEntries: 4, heldFor: 100, absentFor: 20, notNowFor: 5 };

function cacheWithClock() {
  let time = 1_000;
  const cache = existenceCache(LIMITS, () => time);
  return { cache, pass: (milliseconds: number) => (time += milliseconds) };
}

test('what was never asked is unknown', () => {
  expect(cacheWithClock().cache.look('u')).toBe('unknown');
});

test('held is believed for its lifetime, and stale after it', () => {
  const { cache, pass } = cacheWithClock();
  cache.learn('u', 'held');
  pass(99);
  expect(cache.look('u')).toBe('held');
  pass(1);
  expect(cache.look('u')).toBe('stale');
});

test.each([
  ['absent', 20],
  ['not-now', 5],
] as const)('%s passes a backend over for %d ms, and is then unknown', (outcome, lifetime) => {
  const { cache, pass } = cacheWithClock();
  cache.learn('u', outcome);
  pass(lifetime - 1);
  expect(cache.look('u')).toBe('absent');
  pass(1);
  expect(cache.look('u')).toBe('unknown');
});

test('the newest word counts', () => {
  const { cache } = cacheWithClock();
  cache.learn('u', 'absent');
  cache.learn('u', 'held');
  expect(cache.look('u')).toBe('held');
});

test('threat 19: it never holds more than its bound, and keeps what is asked for', () => {
  const { cache } = cacheWithClock();
  cache.learn('a', 'held');
  for (let index = 0; index < 10_000; index += 1) {
    cache.learn(`x${index}`, 'absent');
    expect(cache.look('a')).toBe('held');
  }
  expect(cache.size).toBeLessThanOrEqual(4);
});
