// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { algorithmOf, hexOf, parseDigest } from './digest.ts';
import { isTag, parseReference, subjectOfTag } from './reference.ts';
import { isRepository } from './repository.ts';

const HEX = '0123456789abcdef'.repeat(4);

test.each(['latest', 'v1.0_2-x', '_x', 'A'.repeat(128)])('"%s" is a tag', (text) => {
  expect(isTag(text)).toBe(true);
  expect(parseReference(text)).toEqual({ kind: 'tag', tag: text });
});

test.each(['', '.x', '-x', 'a b', 'a:b', 'a/b', 'ä', 'A'.repeat(129)])('"%s" is no tag', (text) => {
  expect(isTag(text)).toBe(false);
  expect(parseReference(text)).toBeUndefined();
});

test('a digest is a reference, and comes apart into algorithm and hexadecimal digits', () => {
  for (const text of [`sha256:${HEX}`, `sha512:${HEX}${HEX}`]) {
    const digest = parseDigest(text);
    expect(digest).toBe(text);
    expect(parseReference(text)).toEqual({ kind: 'digest', digest });
    expect(digest && `${algorithmOf(digest)}:${hexOf(digest)}`).toBe(text);
  }
});

test.each([
  ['', true],
  ['.sig', true],
  ['.att', true],
  ['.sbom', true],
  ['.asc', false],
  ['.sig.sig', false],
  ['0', false],
])('a digest-shaped tag with "%s" behind it stands for a referrer: %s', (suffix, expected) => {
  for (const algorithm of ['sha256', 'sha512']) {
    const subject = subjectOfTag(`${algorithm}-${HEX}${suffix}`);
    expect(subject === `${algorithm}:${HEX}`).toBe(expected);
  }
});

test.each(['a', 'a/b', 'a-b', 'a--b', 'a_b', 'a__b', 'a.b', '0/1', 'a'.repeat(255)])(
  '"%s" is a repository',
  (text) => {
    expect(isRepository(text)).toBe(true);
  },
);

test.each(['', 'A', '/a', 'a/', 'a//b', 'a..b', 'a___b', '-a', 'a-', '..', 'a b', 'a'.repeat(256)])(
  '"%s" is no repository',
  (text) => {
    expect(isRepository(text)).toBe(false);
  },
);

/** Letter by letter, unlike the pattern that is tested: parts of letters, joined by one separator each. */
function isComponent(text: string): boolean {
  const letters = text.split(/[._-]+/);
  const separators = text.match(/[._-]+/g) ?? [];
  const isLetters = letters.every((part) => part !== '' && /^[a-z0-9]+$/.test(part));
  return isLetters && separators.every((one) => ['.', '_', '__'].includes(one) || /^-+$/.test(one));
}

test('of any text it is known what it names, and nothing that names anything leads elsewhere', () => {
  const unit = fc.constantFrom(
    'a',
    'z',
    '0',
    '.',
    '_',
    '-',
    '/',
    ':',
    'A',
    '%',
    '\0',
    '\n',
    '\\',
    'é',
  );
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit, maxLength: 20 }) },
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^sha(256|512):[a-f0-9A-F]{62,66}$/),
  );
  fc.assert(
    fc.property(text, (name) => {
      expect(isRepository(name)).toBe(name.length < 256 && name.split('/').every(isComponent));
      const reference = parseReference(name);
      const letters = reference?.kind === 'tag' ? /^[\w.-]{1,128}$/ : /^sha\d+:[a-f0-9]+$/;
      expect(reference === undefined || letters.test(name)).toBe(true);
      expect(subjectOfTag(name) === undefined || isTag(name)).toBe(true);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
