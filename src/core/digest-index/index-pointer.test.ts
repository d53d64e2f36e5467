// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { formatIndexPointer, indexFileName, parseIndexPointer } from './index-pointer.ts';

const CHECKSUM = `sha256:${'ab'.repeat(32)}`;
const POINTER = { file: indexFileName(1_000, 'ab'.repeat(32)), size: 47, checksum: CHECKSUM };

test('a pointer is read as it was written', () => {
  expect(POINTER.file).toBe('index-1000-abababab');
  expect(parseIndexPointer(formatIndexPointer(POINTER))).toEqual(POINTER);
});

test.each([
  ['no JSON', '<html>'],
  ['nothing', 'null'],
  ['a text', '"index"'],
  ['another version', { version: 2 }],
  ['a path for a file', { file: '../index' }],
  ['a URL for a file', { file: 'https:x' }],
  ['no file', { file: undefined }],
  ['a checksum of another algorithm', { checksum: `sha512:${'ab'.repeat(64)}` }],
  ['a checksum cut short', { checksum: 'sha256:ab' }],
  ['no checksum', { checksum: 1 }],
  ['a size as text', { size: '47' }],
  ['half a byte', { size: 0.5 }],
  ['a negative size', { size: -1 }],
  ['more than a gibibyte', { size: 2 ** 30 + 1 }],
])('%s is no pointer', (_, given) => {
  const text =
    typeof given === 'string' ? given : JSON.stringify({ version: 1, ...POINTER, ...given });
  expect(parseIndexPointer(text)).toBeUndefined();
});
