// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { azureKeys } from './azure-keys.ts';

test.each([
  ['_tags/v1', 'base/_tags/v1'],
  ['_tags/v1.', 'base/_tags/v1.!'],
  ['_tags/v1.!', 'base/_tags/v1.!!'],
  ['.', 'base/.!'],
  ['a!', 'base/a!'],
])('the key %j is the name %j, and back', (key, name) => {
  const keys = azureKeys('base');
  expect(keys.nameOf(key)).toBe(name);
  expect(keys.keyOf(name)).toBe(key);
});

test.each(['a\\b', 'a\tb', 'a./b', '../a', 'a//b', '.archeion/x'])('%j is refused', (key) => {
  expect(() => azureKeys().nameOf(key)).toThrow(
    expect.objectContaining({ code: 'invalid-key', key }),
  );
});
