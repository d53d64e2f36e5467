// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { progressLine } from './progress-lines.ts';
import { sizeText } from './size-text.ts';

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1536, '1.5 KiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
  [3000 * 1024 ** 5, '3000.0 PiB'],
])('%i bytes are shown as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test('a line says how far it has come, and the speed since the last line', () => {
  const before = { objects: 100, bytes: 0, at: 1_000 };
  const current = { objects: 300, bytes: 4 * 1024 ** 2, at: 3_000 };
  expect(progressLine(before, current)).toBe(
    '300 objects, 4.0 MiB so far; 100 objects and 2.0 MiB a second\n',
  );
});
