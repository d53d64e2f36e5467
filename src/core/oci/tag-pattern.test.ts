// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { matchesTagPattern } from './tag-pattern.ts';

test.each([
  ['v1', 'v1', true],
  ['v1', 'v10', false],
  ['*', 'anything', true],
  ['v*', 'v1.2', true],
  ['v*', 'latest-v1', false],
  ['*-rc', 'v1-rc', true],
  ['v*.*', 'v1.2', true],
  ['v*.*', 'v1', false],
  ['v1*1', 'v1', false],
  ['a*bc*c', 'abc', false],
  ['a*bc*c', 'abcc', true],
  ['a**b', 'ab', true],
  ['v.', 'vx', false],
  ['V*', 'v1', false],
])('%s for %s: %s', (pattern, tag, fits) => {
  expect(matchesTagPattern(pattern, tag)).toBe(fits);
});

test('patterns mean what an expression with the same stars means', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  const tag = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
  fc.assert(
    fc.property(text, tag, (pattern, name) => {
      const oracle = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);
      expect(matchesTagPattern(pattern, name)).toBe(oracle);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('threat 29: hostile patterns take no time', () => {
  expect(matchesTagPattern(`${'a*'.repeat(30_000)}b`, 'a'.repeat(128))).toBe(false);
});
