// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, test } from 'vitest';
import {
  absent,
  type FilledRegistry,
  filledRegistry,
  layer,
  storeOfOne,
} from '../../test/support/registry-filled.ts';
import { ask, someRequest } from '../../test/support/registry-requests.ts';
import { OCI_MANIFEST } from '../core/oci/media-type.ts';
import { silentLog } from '../log.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { pullHandler } from './pull-handler.ts';
import { blobKey, manifestKey, tagKey } from './store/layout.ts';
import { digestOf } from './store/verify-body.ts';

let registry: FilledRegistry;

beforeAll(async () => {
  registry = await filledRegistry();
});

describe('the API', () => {
  test.each(['/v2', '/v2/', 'http://registry.example/v2/'])('answers at %s', async (target) => {
    const { status, headers, text } = await ask(registry.handler, someRequest(target));
    expect(status).toBe(200);
    expect(headers['docker-distribution-api-version']).toBe('registry/2.0');
    expect(text).toBe('{}');
  });

  test.each(['PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'get'])(
    'is only read: %s',
    async (method) => {
      const request = someRequest(`/v2/team/app/manifests/v1`, {}, method);
      await expect(ask(registry.handler, request)).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        status: 405,
        headers: ['Allow', 'GET, HEAD'],
      });
    },
  );

  test.each([
    ['/', 404, 'UNSUPPORTED'],
    ['*', 400, 'UNSUPPORTED'],
    ['/v2/a#b', 400, 'UNSUPPORTED'],
    ['/v2/_catalog?n=x', 400, 'UNSUPPORTED'],
    ['/v2/team/app/unknown/x', 404, 'UNSUPPORTED'],
    ['/v2/Team/app/manifests/v1', 400, 'NAME_INVALID'],
    ['/v2/team%2fapp/manifests/v1', 400, 'NAME_INVALID'],
    ['/v2/team/app/manifests/v1%0d%0ax', 400, 'MANIFEST_INVALID'],
    ['/v2/team/app/manifests/sha256:..%2f..%2fx', 400, 'MANIFEST_INVALID'],
    ['/v2/team/app/blobs/sha256:../../x', 404, 'UNSUPPORTED'],
    ['/v2/team/app/blobs/md5:abc', 400, 'DIGEST_INVALID'],
    [`/v2/team/app/blobs/${absent}`, 404, 'BLOB_UNKNOWN'],
    [`/v2/team/app/manifests/${absent}`, 404, 'MANIFEST_UNKNOWN'],
    ['/v2/team/app/manifests/absent', 404, 'MANIFEST_UNKNOWN'],
    ['/v2/team/manifests/v1', 404, 'NAME_UNKNOWN'],
    [`/v2/team/blobs/${layer}`, 404, 'NAME_UNKNOWN'],
    ['/v2/team/tags/list', 404, 'NAME_UNKNOWN'],
  ])('refuses %s with %i %s', async (target, status, code) => {
    const refused = { name: 'RegistryError', status, code };
    await expect(ask(registry.handler, someRequest(target))).rejects.toMatchObject(refused);
    // Without a body the code is nowhere to be read.
    const head = ask(registry.handler, someRequest(target, {}, 'HEAD'));
    await expect(head).rejects.toMatchObject({ name: 'RegistryError', status });
  });
});

describe('manifests', () => {
  test('are the bytes that were received, with what identifies them', async () => {
    const { status, headers, bytes } = await registry.get('team/app/manifests/v1');
    expect(status).toBe(200);
    expect(digestOf(bytes)).toBe(registry.image.digest);
    expect(headers).toMatchObject({
      'content-type': OCI_MANIFEST,
      'content-length': String(registry.image.size),
      'docker-content-digest': registry.image.digest,
      etag: `"${registry.image.digest}"`,
      'cache-control': 'no-cache',
    });
  });

  test('have the same headers for HEAD, and no body', async () => {
    const [got, asked] = [
      await registry.get('team/app/manifests/v1'),
      await registry.head('team/app/manifests/v1'),
    ];
    expect(asked).toMatchObject({ status: 200, headers: got.headers, text: '' });
  });

  test('may be kept for good when asked for by digest', async () => {
    const { headers, bytes } = await registry.get(`team/app/manifests/${registry.image.digest}`);
    expect(headers['cache-control']).toBe('max-age=31536000, immutable');
    expect(digestOf(bytes)).toBe(registry.image.digest);
  });

  test('are not sent again to whoever has them', async () => {
    const known = { 'if-none-match': `"${registry.image.digest}"` };
    const answer = await registry.get('team/app/manifests/v1', known);
    expect(answer).toMatchObject({ status: 304, text: '' });
    expect(answer.headers).toMatchObject({ etag: `"${registry.image.digest}"` });
    expect(answer.headers['content-length']).toBeUndefined();
    expect(await registry.get('team/app/manifests/v1', { 'if-none-match': '"x"' })).toMatchObject({
      status: 200,
    });
  });
});

test('who gets no body is not told whether the name is known, and no list is looked at', async () => {
  const storage = { ...memoryDriver(), list: () => expect.fail('a list') };
  const handler = pullHandler({ storage, log: silentLog });
  for (const path of [`blobs/${absent}`, 'manifests/v1']) {
    const answer = ask(handler, someRequest(`/v2/app/${path}`, {}, 'HEAD'));
    await expect(answer).rejects.toMatchObject({ status: 404 });
  }
});

describe('a damaged store is for the operator', () => {
  const referrers = `repositories/a/_referrers/${absent.replace(':', '/')}`;

  test.each<[string, string, (storage: StorageDriver) => Promise<unknown>]>([
    [
      'bytes of a manifest are gone',
      'manifests/v1',
      (store) => store.remove(blobKey(registry.image.digest)),
    ],
    [
      'bytes of a manifest are cut',
      'manifests/v1',
      (store) => store.write(blobKey(registry.image.digest), '{'),
    ],
    ['bytes of a blob are gone', `blobs/${layer}`, (store) => store.remove(blobKey(layer))],
    ['a record is no JSON', 'manifests/v1', (store) => store.write(tagKey('a', 'v1'), 'x')],
    ['a tag has no digest', 'manifests/v1', (store) => store.write(tagKey('a', 'v1'), '{}')],
    [
      'a manifest has no type',
      'manifests/v1',
      (store) => store.write(manifestKey('a', registry.image.digest), '{"children":{}}'),
    ],
    ['a referrer is none', `referrers/${absent}`, (store) => store.write(`${referrers}/x`, '{}')],
  ])('%s', async (_, path, damage) => {
    const logged: string[] = [];
    const log = { ...silentLog, error: (event: string) => void logged.push(event) };
    const damaged = await storeOfOne(['a']);
    await damage(damaged);
    const answer = ask(pullHandler({ storage: damaged, log }), someRequest(`/v2/a/${path}`));
    await expect(answer).rejects.toMatchObject({ name: 'StoreError', code: 'damaged' });
    expect(logged).toEqual(['store-damaged']);
  });
});
