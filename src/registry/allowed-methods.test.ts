// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { registryClient } from '../../test/support/registry-client.ts';
import { codeOf } from '../../test/support/registry-refusals.ts';

describe('what cannot be a name, a reference or a digest', () => {
  test.each([
    ['PUT', 'app/manifests/sha256:baddigeststring', 'DIGEST_INVALID'],
    ['DELETE', 'app/manifests/sha256:baddigeststring', 'DIGEST_INVALID'],
    ['PUT', 'app/manifests/-v1', 'MANIFEST_INVALID'],
    ['DELETE', 'app/blobs/md5:abc', 'DIGEST_INVALID'],
    ['POST', 'App/blobs/uploads/', 'NAME_INVALID'],
    ['PATCH', 'App/blobs/uploads/x', 'NAME_INVALID'],
  ])('is said to whoever sends a %s of %s', async (method, path, code) => {
    const answer = await registryClient().ask(method, path);
    expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  });

  test('is only read where nothing is pushed', async () => {
    const settings = { readOnly: true };
    const { status } = await registryClient({ settings }).ask('PUT', 'app/manifests/-v1');
    expect(status).toBe(405);
  });
});
