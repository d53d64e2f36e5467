// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { wantedBy } from './wanted-by.ts';

test.each([
  ['GET', '/v2/team/app/manifests/v1', 'team/app: pull'],
  ['HEAD', '/v2/a/blobs/sha256:00', 'a: pull'],
  ['GET', '/v2/a/tags/list', 'a: pull'],
  ['GET', '/v2/a/referrers/sha256:00', 'a: pull'],
  ['PUT', '/v2/a/manifests/v1', 'a: pull push'],
  ['DELETE', '/v2/a/manifests/v1', 'a: delete'],
  ['DELETE', '/v2/a/blobs/sha256:00', 'a: delete'],
  ['POST', '/v2/a/blobs/uploads/', 'a: pull push'],
  ['PATCH', '/v2/a/blobs/uploads/1', 'a: pull push'],
  ['DELETE', '/v2/a/blobs/uploads/1', 'a: pull push'],
  ['GET', '/v2/blobs/uploads/manifests/v1', 'blobs/uploads: pull'],
])('%s %s needs %s', (method, path, wanted) => {
  const { repository, actions = [] } = wantedBy(method, path) ?? {};
  expect(`${repository}: ${actions.join(' ')}`).toBe(wanted);
});

test.each([
  '',
  '/',
  '/v2/',
  '/v2/_catalog',
  '/v2/a',
  '/v2/A/tags/list',
  '/x/a/tags/list',
  '/token',
])('%s is about no repository', (path) => {
  expect(wantedBy('GET', path)).toBeUndefined();
});
