// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { isRepositoryPattern, knownRepositories } from './known-repositories.ts';

test.each([
  ['pause', true],
  ['etcd/v3', true],
  ['csi/*', true],
  ['a/b/*', true],
  ['', false],
  ['*', false],
  ['/*', false],
  ['a*', false],
  ['a/*/b', false],
  ['a/**', false],
  ['a//*', false],
  ['Pause', false],
])('%j is a pattern: %s', (text, expected) => {
  expect(isRepositoryPattern(text)).toBe(expected);
});

test.each([
  ['pause', true],
  ['paus', false],
  ['pause/x', false],
  ['csi/driver', true],
  ['csi/driver/deep', true],
  ['csi', false],
  ['csi-driver', false],
  ['a/b/c', true],
  ['a/b', false],
  ['a/c', false],
])('of pause, csi/* and a/b/*, %s is known: %s', (repository, expected) => {
  expect(knownRepositories(['pause', 'csi/*', 'a/b/*']).has(repository)).toBe(expected);
});

test('it answers as a comparison with every pattern would', () => {
  const name = fc
    .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'));
  const pattern = fc.oneof(
    name,
    name.map((text) => `${text}/*`),
  );
  const matches = (repository: string, one: string) =>
    one.endsWith('/*') ? repository.startsWith(one.slice(0, -1)) : repository === one;
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 4 }), name, (patterns, repository) => {
      const expected = patterns.some((one) => matches(repository, one));
      expect(knownRepositories(patterns).has(repository)).toBe(expected);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
