// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { circuitBreaker } from './circuit-breaker.ts';

function breaker() {
  let time = 0;
  const limits = { failures: 3, pause: 100, longestPause: 300 };
  const made = circuitBreaker(limits, () => time);
  return {
    ...made,
    pass: (milliseconds: number) => (time += milliseconds),
    fail: (times: number) => Array.from({ length: times }, () => made.record('failure')),
  };
}

test('failures in a row open it, a success in between starts the count again', () => {
  const { state, fail, record } = breaker();
  fail(2);
  record('success');
  fail(2);
  expect(state()).toBe('closed');
  fail(1);
  expect(state()).toBe('open');
});

test('after the pause one trial at a time finds out whether the backend is back', () => {
  const { state, fail, pass, tryTrial, record } = breaker();
  fail(3);
  pass(100);
  expect(state()).toBe('half-open');
  expect([tryTrial(), tryTrial()]).toEqual([true, false]);
  record('success');
  expect(state()).toBe('closed');
});

test('a trial that fails opens it again, for twice as long, up to a bound', () => {
  const { state, fail, pass } = breaker();
  fail(3);
  for (const pause of [100, 200, 300, 300]) {
    pass(pause - 1);
    expect(state()).toBe('open');
    pass(1);
    expect(state()).toBe('half-open');
    fail(1);
  }
});

test('failures that come late, while it is open, do not make the pause longer', () => {
  const { state, fail, pass } = breaker();
  fail(3);
  pass(50);
  fail(20);
  pass(50);
  expect(state()).toBe('half-open');
});
