// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { backendHealth } from './backend-health.ts';

const BREAKER = { failures: 2, pause: 100, longestPause: 100 };

function health(drained: readonly string[] = []) {
  let time = 0;
  const limits = { breaker: BREAKER, ejectAfter: 3, returnAfter: 2 };
  const made = backendHealth(limits, { now: () => time, drained: new Set(drained) });
  return { ...made, pass: (milliseconds: number) => (time += milliseconds) };
}

test('a backend of which nothing is known is well', () => {
  expect(health().stateOf('a')).toBe('well');
});

test('probes that keep failing trip it, and a trial brings it back', () => {
  const { stateOf, probed, pass, tryTrial } = health();
  probed('a', 'failure');
  probed('a', 'failure');
  expect([stateOf('a'), stateOf('b')]).toEqual(['tripped', 'well']);
  pass(100);
  expect(stateOf('a')).toBe('trial');
  expect([tryTrial('a'), tryTrial('a')]).toEqual([true, false]);
  probed('a', 'success');
  expect(stateOf('a')).toBe('well');
});

test('canaries eject it only after so many in a row, and bring it back the same way', () => {
  const { stateOf, canaryAnswered } = health();
  const answer = (...outcomes: ReadonlyArray<'success' | 'failure'>) => {
    for (const outcome of outcomes) canaryAnswered('a', outcome);
    return stateOf('a');
  };
  expect(answer('failure', 'failure', 'success', 'failure', 'failure')).toBe('well');
  expect(answer('failure')).toBe('ejected');
  expect(answer('success', 'failure', 'success')).toBe('ejected');
  expect(answer('success')).toBe('well');
});

test('a drained backend gets nobody, however well it is', () => {
  expect(health(['a']).stateOf('a')).toBe('drained');
});
