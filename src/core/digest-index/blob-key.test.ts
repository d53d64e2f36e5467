// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../oci/digest.ts';
import { blobPathOf, parseBlobPath } from '../routing/blob-path.ts';
import { blobKeyReader } from './blob-key.ts';

const HEX = 'ab'.repeat(32);
const SHA256 = `sha256:${HEX}`;
const SHA512 = `sha512:${'cd'.repeat(64)}`;

function readerOf(template: string) {
  const path = parseBlobPath(template);
  if (path === undefined) throw new Error(`"${template}" is no blob path`);
  return { path, read: blobKeyReader(path) };
}

describe.each([
  'containers/images/{digest}',
  'blobs/{algorithm}/{hex}',
  '{hex}/data',
  '{hex}.a+b(c)/{algorithm}/{hex}',
  '{digest}/{digest}',
])('a key below %s', (template) => {
  test.each([SHA256, SHA512])('is that of the blob it was made for, %s', (text) => {
    const { path, read } = readerOf(template);
    const digest = parseDigest(text) ?? expect.fail('the digest is one');
    expect(read(blobPathOf(path, digest))).toBe(digest);
  });
});

test.each([
  ['containers/images/{digest}', `containers/images/${HEX}`],
  ['containers/images/{digest}', `containers/images/${SHA256}.tmp`],
  ['containers/images/{digest}', `x/containers/images/${SHA256}`],
  ['containers/images/{digest}', 'archeion/index'],
  ['blobs/{algorithm}/{hex}', `blobs/sha512/${HEX}`],
  ['{hex}.x', `${HEX}yx`],
  ['{digest}/{digest}', `${SHA256}/${SHA512}`],
])('below %s, %s is no blob', (template, key) => {
  expect(readerOf(template).read(key)).toBeUndefined();
});
