// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pace } from './pace.ts';

test('a burst passes at once, and from then on as much as comes in', () => {
  const { take } = pace({ perSecond: 10, burst: 3 });
  expect([take(1, 0), take(1, 0), take(1, 0)].every((at) => at <= 0)).toBe(true);
  expect(take(1, 0)).toBe(100);
  expect(take(2, 50)).toBe(300);
});

test('a pause gives back one burst, and no more', () => {
  const { take } = pace({ perSecond: 10, burst: 3 });
  take(3, 0);
  expect(take(3, 60_000)).toBe(60_000);
  expect(take(1, 60_000)).toBe(60_100);
});

test('over any time there is no more than the rate and one burst', () => {
  const steps = fc.array(
    fc.record({ wait: fc.nat(2_000), amount: fc.integer({ min: 1, max: 50 }) }),
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 100 }), (taken, perSecond) => {
      const burst = 50;
      const { take } = pace({ perSecond, burst });
      let now = 0;
      const passed = taken.map(({ wait, amount }) => {
        now += wait;
        return { amount, at: Math.max(now, take(amount, now)) };
      });
      for (const [first, { at: from }] of passed.entries()) {
        let sum = 0;
        for (const { amount, at } of passed.slice(first)) {
          sum += amount;
          expect(sum).toBeLessThanOrEqual(burst + ((at - from) * perSecond) / 1_000 + 1e-6);
        }
      }
    }),
  );
});
