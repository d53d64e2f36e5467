// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { decodeName, pathOfKey } from './filesystem-keys.ts';

function pathOf(key: string): string {
  const { folder, file } = pathOfKey(key);
  return join(folder, file);
}

/** The way back, as a list takes it: from the root down, name by name. */
function keyOf(path: string): string {
  const names = path.split('/');
  const decoded = names.map((name, index) => decodeName(name, index < names.length - 1));
  return decoded.map((name) => `${name?.text}${name?.kind === 'folder' ? '/' : ''}`).join('');
}

describe('pathOfKey', () => {
  test.each([
    ['layout', 'layout'],
    ['blobs/sha256/ab12', 'blobs+/sha256+/ab12'],
    ['repositories/a/_tags/v1.0-RC1', 'repositories+/a+/_tags+/v1.0-%52%431'],
    ['sha256:ab', 'sha256%3aab'],
    ['../.x/é', '%2e.+/%2ex+/%c3%a9'],
    ['a+/b%', 'a%2b+/b%25'],
    ['x'.repeat(241), `${'x'.repeat(240)}%/x`],
    [`${'x'.repeat(240)}../y`, `${'x'.repeat(240)}%/%2e.+/y`],
    [`${'x'.repeat(239)}A`, `${'x'.repeat(239)}%/%41`],
  ])('%s becomes %s', (key, path) => {
    expect(pathOf(key)).toBe(path);
    expect(keyOf(path)).toBe(key);
  });

  test('keys come back from their paths, which no file system mixes up or refuses', () => {
    const character = fc.constantFrom(...'aAbZ0.:%+~/-_ ', 'é', '\u{1f600}', '\u0001');
    const long = fc.constantFrom('', 'x'.repeat(236), 'Y'.repeat(80));
    const key = fc
      .tuple(long, fc.string({ unit: character, minLength: 1, maxLength: 12 }))
      .map((texts) => texts.join('').split('/').filter(Boolean).join('/'))
      .filter(Boolean);
    fc.assert(
      fc.property(key, (text) => {
        const path = pathOf(text);
        expect(keyOf(path)).toBe(text);
        expect(path).toBe(path.toLowerCase());
        for (const name of path.split('/'))
          expect(name).toMatch(/^[a-z0-9_%+-][a-z0-9._%+-]{0,248}$/);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

test.each([
  ['.lock-a', true],
  ['.tmp', true],
  ['lost+found', true],
  ['README', false],
  ['a+', false],
  ['%61', false],
  ['%zz', false],
  ['%ff', false],
  ['+', true],
])('%s is no name of ours', (name, isFolder) => {
  expect(decodeName(name, isFolder)).toBeUndefined();
});
