// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { Digest } from '../../core/oci/digest.ts';
import { blobKey, linkKey, manifestKey, referrerKey, tagKey } from './layout.ts';
import { readKey } from './read-key.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(128);
const digest = `sha256:${A}` as Digest;
const subject = `sha512:${B}` as Digest;
const repository = 'team/app';

test('every key that is written is read back', () => {
  const place = { repository, subject, referrer: digest };
  expect(readKey('layout')).toEqual({ kind: 'layout' });
  expect(readKey(blobKey(subject))).toEqual({ kind: 'blob', digest: subject });
  expect(readKey(linkKey(digest, repository))).toEqual({ kind: 'link', digest, repository });
  expect(readKey(manifestKey(repository, digest))).toEqual({
    kind: 'manifest',
    digest,
    repository,
  });
  expect(readKey(tagKey(repository, 'v1'))).toEqual({ kind: 'tag', tag: 'v1', repository });
  expect(readKey(referrerKey(place))).toEqual({ kind: 'referrer', ...place });
  expect(readKey('access/token-key')).toEqual({ kind: 'token-key' });
  expect(readKey('uploads/x/session')).toEqual({ kind: 'other' });
  expect(readKey('events/log/000000000000/001')).toEqual({ kind: 'other' });
});

test.each([
  'layouts',
  'access/other',
  'x',
  `blobs/sha256/${B}`,
  `blobs/sha256/${A}/x`,
  `blobs/md5/${A}`,
  `links/sha256/${A}`,
  `links/sha256/${A}/Team`,
  `links/sha256/${A}/team/app`,
  'repositories/x',
  'repositories/Team/_tags/v1',
  'repositories/a/_tags/-v1',
  'repositories/a/_tags/v1/x',
  'repositories/a/_other/v1',
  `repositories/a/_manifests/sha256/${B}`,
  `repositories/a/_manifests/sha256/${A}/x`,
  `repositories/a/_referrers/sha256/${A}/x`,
  `repositories/a/_referrers/sha256/${A}/sha256-${A}/x`,
  `repositories/a/_others/sha256/${A}/sha256-${A}`,
])('%s is no key of a registry', (key) => {
  expect(readKey(key)).toEqual({ kind: 'stray' });
});
