// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { bucketKeys } from './bucket-keys.ts';

test.each([
  [undefined, 'blobs/sha256/ab', 'blobs/sha256/ab'],
  ['', 'layout', 'layout'],
  ['some/where', 'layout', 'some/where/layout'],
  ['some/where/', 'a:b c', 'some/where/a:b c'],
])('below %j the key %j is the name %j, and back', (prefix, key, name) => {
  const keys = bucketKeys(prefix);
  expect(keys.nameOf(key)).toBe(name);
  expect(keys.keyOf(name)).toBe(key);
});

test.each(['.archeion/', '.archeion/uploads/x', 'a//b', ''])('%j is no key of others', (key) => {
  expect(() => bucketKeys().nameOf(key)).toThrow(
    expect.objectContaining({ code: 'invalid-key', key }),
  );
});
