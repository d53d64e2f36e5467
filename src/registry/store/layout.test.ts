// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { Digest } from '../../core/oci/digest.ts';
import * as layout from './layout.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(128);
const digest = `sha256:${A}` as Digest;
const subject = `sha512:${B}` as Digest;

test('keys are those that the layout documents', () => {
  expect(layout.blobKey(digest)).toBe(`blobs/sha256/${A}`);
  expect(layout.blobKey(subject)).toBe(`blobs/sha512/${B}`);
  expect(layout.linkKey(digest, 'a/b-c/d')).toBe(`links/sha256/${A}/a!b-c!d`);
  expect(layout.manifestKey('a/b', digest)).toBe(`repositories/a/b/_manifests/sha256/${A}`);
  expect(layout.tagKey('a/b', 'v1')).toBe('repositories/a/b/_tags/v1');
  expect(layout.referrerKey({ repository: 'a', subject, referrer: digest })).toBe(
    `repositories/a/_referrers/sha512/${B}/sha256-${A}`,
  );
});

test('what went into a key comes back', () => {
  expect(layout.digestOfCondemned(layout.condemnedKey(subject))).toBe(subject);
  expect(layout.digestOfCondemned('gc/condemned/x')).toBeUndefined();
  expect(layout.repositoryOfLink(layout.linkKey(digest, 'a/b-c/d'))).toBe('a/b-c/d');
  expect(layout.tagOfKey(layout.tagKey('a/b', 'v1'))).toBe('v1');
  const key = layout.referrerKey({ repository: 'a', subject, referrer: digest });
  expect(layout.referrerOfKey(key)).toBe(digest);
  expect(layout.referrerOfKey('repositories/a/_referrers/x')).toBeUndefined();
});

test('a repository is not part of one whose name it begins', () => {
  expect(layout.tagKey('a/b', 'v1').startsWith(layout.repositoryPrefix('a'))).toBe(false);
  expect(layout.tagKey('ab', 'v1').startsWith(layout.repositoryPrefix('a'))).toBe(false);
  expect(layout.tagKey('a', 'v1').startsWith(layout.repositoryPrefix('a'))).toBe(true);
});

test('the end of its name is told from a key, and what is no name is not', () => {
  expect(layout.repositoryOfPrefix('repositories/a/b-c/_')).toBe('a/b-c');
  expect(layout.repositoryOfPrefix('repositories/A/_')).toBeUndefined();
  expect(layout.repositoryOfPrefix('repositories/stray')).toBeUndefined();
});
