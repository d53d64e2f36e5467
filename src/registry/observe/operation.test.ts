// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { nameRequest } from './operation.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const UPLOAD = `/v2/app/blobs/uploads/${'0'.repeat(32)}`;

test.each([
  ['GET', '/v2/', 'api-check'],
  ['POST', '/v2/', 'other'],
  ['GET', '/token?service=x', 'token'],
  ['HEAD', '/v2/app/manifests/v1', 'manifest-pull'],
  ['PUT', '/v2/app/manifests/v1', 'manifest-push'],
  ['DELETE', '/v2/app/manifests/v1', 'tag-delete'],
  ['DELETE', `/v2/app/manifests/${DIGEST}`, 'manifest-delete'],
  ['PATCH', '/v2/app/manifests/v1', 'other'],
  ['GET', `/v2/app/blobs/${DIGEST}`, 'blob-pull'],
  ['DELETE', `/v2/app/blobs/${DIGEST}`, 'blob-delete'],
  ['PUT', `/v2/app/blobs/${DIGEST}`, 'other'],
  ['POST', '/v2/app/blobs/uploads/', 'upload-start'],
  ['POST', `/v2/app/blobs/uploads/?digest=${DIGEST}`, 'blob-push'],
  ['POST', `/v2/app/blobs/uploads/?from=b&mount=${DIGEST}`, 'mount'],
  ['GET', '/v2/app/blobs/uploads/', 'other'],
  ['PATCH', UPLOAD, 'upload-chunk'],
  ['PUT', `${UPLOAD}?digest=${DIGEST}`, 'blob-push'],
  ['GET', UPLOAD, 'upload-status'],
  ['DELETE', UPLOAD, 'upload-cancel'],
  ['GET', '/v2/app/tags/list', 'tags-list'],
  ['PUT', '/v2/app/tags/list', 'other'],
  ['GET', `/v2/app/referrers/${DIGEST}`, 'referrers-list'],
  ['PUT', `/v2/app/referrers/${DIGEST}`, 'other'],
  ['GET', '/v2/_catalog', 'catalog-list'],
  ['PUT', '/v2/_catalog', 'other'],
  ['GET', '*', 'other'],
])('%s %s is %s', (method, target, operation) => {
  expect(nameRequest(method, target).operation).toBe(operation);
});
