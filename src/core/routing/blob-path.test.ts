// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseDigest } from '../oci/digest.ts';
import { blobPathOf, formatBlobPath, parseBlobPath } from './blob-path.ts';

const HEX = 'ab'.repeat(32);

test.each([
  ['containers/images/{digest}', `containers/images/sha256:${HEX}`],
  ['blobs/{algorithm}/{hex}', `blobs/sha256/${HEX}`],
  ['{hex}', HEX],
  ['docker/{algorithm}/{hex}/data', `docker/sha256/${HEX}/data`],
])('%s', (template, path) => {
  const digest = parseDigest(`sha256:${HEX}`);
  const parsed = parseBlobPath(template);
  expect(parsed && digest && blobPathOf(parsed, digest)).toBe(path);
  expect(parsed && formatBlobPath(parsed)).toBe(template);
});

test.each([
  ['no content', 'blobs/x'],
  ['only the algorithm', 'blobs/{algorithm}'],
  ['an unknown placeholder', '{digest}/{name}'],
  ['a query', '{digest}?x=1'],
  ['a fragment', '{digest}#x'],
  ['a space', 'a b/{digest}'],
  ['a step up', '../{digest}'],
  ['a step up inside', 'a/../{digest}'],
  ['a leading slash', '/{digest}'],
  ['a trailing slash', '{digest}/'],
  ['an encoded byte', '%2e/{digest}'],
])('%s is refused: %s', (_, template) => {
  expect(parseBlobPath(template)).toBeUndefined();
});
