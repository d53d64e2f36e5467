// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { isRepositoryGlob, repositoryMatcher } from './repository-pattern.ts';

describe('a pattern', () => {
  test.each([
    ['a', 'a', true],
    ['a', 'a/b', false],
    ['a', 'aa', false],
    ['team/*', 'team/a', true],
    ['team/*', 'team/a-b.c', true],
    ['team/*', 'team', false],
    ['team/*', 'team/a/b', false],
    ['team/*', 'teams/a', false],
    ['team/*/x', 'team/a/x', true],
    ['team/*/x', 'team/a/b/x', false],
    ['team-*', 'team-a', true],
    ['team-*', 'team-a/b', false],
    ['*-dev', 'a-dev', true],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['**', 'a', true],
    ['**', 'a/b/c', true],
    ['public/**', 'public/a', true],
    ['public/**', 'public/a/b/c', true],
    ['public/**', 'public', false],
    ['public/**', 'publicity/a', false],
    ['**/x', 'a/b/x', true],
    ['**/x', 'x', false],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/b', 'a/b', false],
    ['a**z', 'a/b/z', true],
    ['a*b*c', 'axxbxxc', true],
    ['a*b*c', 'axx/xbxxc', false],
    ['**/*-x', 'a/b/c-x', true],
    ['**/*-x', 'a/b/c-x/y', false],
  ])('%s and %s: %s', (pattern, repository, means) => {
    expect(repositoryMatcher(pattern)(repository)).toBe(means);
  });

  test('agrees with a slow search that tries everything', () => {
    const texts = (characters: string) =>
      fc.string({ unit: fc.constantFrom(...characters), maxLength: 7 });
    fc.assert(
      fc.property(texts('ab/*'), texts('ab/'), (pattern, text) => {
        fc.pre(!pattern.includes('***'));
        expect(repositoryMatcher(pattern)(text)).toBe(isFound(pattern, text));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('threat 29: the worst pattern takes no longer than its length times that of the name', () => {
    const pattern = `${'*a'.repeat(127)}b`;
    const name = 'a'.repeat(65_536);
    const started = performance.now();
    expect(repositoryMatcher(pattern)(name)).toBe(false);
    // Trying every way to share out the name would outlive the machine.
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test.each(['a', 'a/*', '**', '*', 'a-*', 'a**', '*.dev/**', 'team/*/x'])('%s is one', (text) => {
    expect(isRepositoryGlob(text)).toBe(true);
  });

  test.each(['', '/', 'a/', '/*', 'A*', '***', 'a***b', 'a//b', '_*', 'a?', '[a]', 'a b', 'a\n'])(
    '%j is none',
    (text) => {
      expect(isRepositoryGlob(text)).toBe(false);
    },
  );
});

function isFound(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (!pattern.startsWith('*')) {
    return text !== '' && pattern[0] === text[0] && isFound(pattern.slice(1), text.slice(1));
  }
  const [rest, crosses] = pattern.startsWith('**')
    ? [pattern.slice(2), true]
    : [pattern.slice(1), false];
  const most = crosses || !text.includes('/') ? text.length : text.indexOf('/');
  return Array.from({ length: most + 1 }, (_, length) => length).some((length) =>
    isFound(rest, text.slice(length)),
  );
}
