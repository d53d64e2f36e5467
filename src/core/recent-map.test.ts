// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../test/support/property-runs.ts';
import { recentMap } from './recent-map.ts';

test('what was set is found, and the newest value counts', () => {
  const map = recentMap<string, number>(10);
  map.set('a', 1);
  map.set('a', 2);
  expect([map.get('a'), map.get('b'), map.size]).toEqual([2, undefined, 1]);
});

test('what is asked for stays, however many others come', () => {
  const map = recentMap<string, number>(10);
  map.set('kept', 1);
  for (let other = 0; other < 1_000; other += 1) {
    map.set(`other ${other}`, other);
    expect(map.get('kept')).toBe(1);
  }
  expect(map.get('other 1')).toBeUndefined();
});

test('it never holds more than it may, nor anything else than was set last', () => {
  const step = fc.tuple(fc.constantFrom('get', 'set'), fc.integer({ min: 0, max: 30 }));
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.array(step, { maxLength: 200 }),
      (most, steps) => {
        const map = recentMap<number, number>(most);
        const last = new Map<number, number>();
        for (const [index, [what, key]] of steps.entries()) {
          if (what === 'set') {
            map.set(key, index);
            last.set(key, index);
            expect(map.get(key)).toBe(index);
          }
          expect([undefined, last.get(key)]).toContain(map.get(key));
          expect(map.size).toBeLessThanOrEqual(most);
        }
      },
    ),
    { numRuns: PROPERTY_RUNS },
  );
});
