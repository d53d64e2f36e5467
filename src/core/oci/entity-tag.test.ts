// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { Digest } from './digest.ts';
import { entityTagOf, isNotModified, isRangeCurrent } from './entity-tag.ts';

const digest = `sha256:${'a'.repeat(64)}` as Digest;
const tag = entityTagOf(digest);

test.each([
  [undefined, false],
  [tag, true],
  [`W/${tag}`, true],
  [`"other", ${tag}`, true],
  ['*', true],
  ['"other"', false],
  [digest, false],
])('If-None-Match %s matches: %s', (header, expected) => {
  expect(isNotModified(header, digest)).toBe(expected);
});

test.each([
  [undefined, true],
  [tag, true],
  [`W/${tag}`, false],
  ['Wed, 21 Oct 2015 07:28:00 GMT', false],
])('If-Range %s lets a range be served: %s', (header, expected) => {
  expect(isRangeCurrent(header, digest)).toBe(expected);
});
