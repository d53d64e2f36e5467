// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, test } from 'vitest';
import { addImage, addReferrer } from '../../test/support/registry-images.ts';
import { ask, receive, someRequest } from '../../test/support/registry-requests.ts';
import type { Descriptor } from '../core/oci/descriptor.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../core/oci/media-type.ts';
import { silentLog } from '../log.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { memoryDriver } from '../storage/memory.ts';
import { importImage } from './import.ts';
import { blobKey, linkKey, manifestKey, tagKey } from './layout.ts';
import { memorySource } from './memory-source.ts';
import { pullHandler } from './pull-handler.ts';
import { digestOf } from './verify-body.ts';

const LAYER = 'the bytes of a layer';
const layer = digestOf(LAYER);
const LARGE = 'x'.repeat(200_000);
const absent = digestOf('absent');
const storage = memoryDriver();
const handler = pullHandler({ storage, log: silentLog });
let image: Descriptor;
let referrers: Descriptor[];

const get = (path: string, headers?: Record<string, string>) =>
  ask(handler, someRequest(`/v2/${path}`, headers));
const head = (path: string, headers?: Record<string, string>) =>
  ask(handler, someRequest(`/v2/${path}`, headers, 'HEAD'));

beforeAll(async () => {
  const source = memorySource('test');
  image = addImage(source, LAYER);
  referrers = ['text/signature', 'text/sbom+x'].map((type) => addReferrer(source, image, type));
  source.tag('v1', image.digest);
  source.tag('large', addImage(source, LARGE).digest);
  for (const tag of ['v1', 'v2', 'V1', 'v10', 'latest']) {
    await importImage({ source, storage, repository: 'team/app', reference: 'v1', tag });
  }
  await importImage({ source, storage, repository: 'other', reference: 'large', tag: 'large' });
});

describe('the API', () => {
  test.each(['/v2', '/v2/', 'http://registry.example/v2/'])('answers at %s', async (target) => {
    const { status, headers, text } = await ask(handler, someRequest(target));
    expect(status).toBe(200);
    expect(headers['docker-distribution-api-version']).toBe('registry/2.0');
    expect(text).toBe('{}');
  });

  test.each(['PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'get'])(
    'is only read: %s',
    async (method) => {
      const request = someRequest(`/v2/team/app/manifests/v1`, {}, method);
      await expect(ask(handler, request)).rejects.toMatchObject({
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
    ['/v2/_catalog?n=10', 404, 'UNSUPPORTED'],
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
    await expect(ask(handler, someRequest(target))).rejects.toMatchObject(refused);
    await expect(ask(handler, someRequest(target, {}, 'HEAD'))).rejects.toMatchObject(refused);
  });
});

describe('manifests', () => {
  test('are the bytes that were received, with what identifies them', async () => {
    const { status, headers, bytes } = await get('team/app/manifests/v1');
    expect(status).toBe(200);
    expect(digestOf(bytes)).toBe(image.digest);
    expect(headers).toMatchObject({
      'content-type': OCI_MANIFEST,
      'content-length': String(image.size),
      'docker-content-digest': image.digest,
      etag: `"${image.digest}"`,
      'cache-control': 'no-cache',
    });
  });

  test('have the same headers for HEAD, and no body', async () => {
    const [got, asked] = [await get('team/app/manifests/v1'), await head('team/app/manifests/v1')];
    expect(asked).toMatchObject({ status: 200, headers: got.headers, text: '' });
  });

  test('may be kept for good when asked for by digest', async () => {
    const { headers, bytes } = await get(`team/app/manifests/${image.digest}`);
    expect(headers['cache-control']).toBe('max-age=31536000, immutable');
    expect(digestOf(bytes)).toBe(image.digest);
  });

  test('are not sent again to whoever has them', async () => {
    const known = { 'if-none-match': `"${image.digest}"` };
    const answer = await get('team/app/manifests/v1', known);
    expect(answer).toMatchObject({ status: 304, text: '' });
    expect(answer.headers).toMatchObject({ etag: `"${image.digest}"` });
    expect(answer.headers['content-length']).toBeUndefined();
    expect(await get('team/app/manifests/v1', { 'if-none-match': '"x"' })).toMatchObject({
      status: 200,
    });
  });
});

describe('blobs', () => {
  test('are sent whole, small ones at once', async () => {
    const answer = await handler(someRequest(`/v2/team/app/blobs/${layer}`));
    expect(answer.body).toBeInstanceOf(Uint8Array);
    const { status, headers, text } = await receive(answer);
    expect([status, text]).toEqual([200, LAYER]);
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(LAYER.length),
      'docker-content-digest': layer,
      'accept-ranges': 'bytes',
      etag: `"${layer}"`,
      'x-content-type-options': 'nosniff',
    });
    expect(answer.facts).toEqual({ route: 'blob', repository: 'team/app' });
  });

  test('are sent as a stream when they are large', async () => {
    const answer = await handler(someRequest(`/v2/other/blobs/${digestOf(LARGE)}`));
    expect(answer.body).not.toBeInstanceOf(Uint8Array);
    const { headers, text } = await receive(answer);
    expect(headers['content-length']).toBe('200000');
    expect(text).toBe(LARGE);
  });

  test('have the same headers for HEAD, which knows no ranges', async () => {
    const got = await get(`team/app/blobs/${layer}`);
    const asked = await head(`team/app/blobs/${layer}`, { range: 'bytes=0-0' });
    expect(asked).toMatchObject({ status: 200, headers: got.headers, text: '' });
  });

  test.each([
    ['bytes=4-8', 'bytes 4-8/20', 'bytes'],
    ['bytes=-5', 'bytes 15-19/20', 'layer'],
    ['bytes=15-999', 'bytes 15-19/20', 'layer'],
  ])('are sent in part for %s', async (range, contentRange, text) => {
    const answer = await get(`team/app/blobs/${layer}`, { range });
    expect(answer).toMatchObject({ status: 206, text });
    expect(answer.headers).toMatchObject({
      'content-range': contentRange,
      'content-length': String(text.length),
    });
  });

  test.each([
    { range: 'bytes=0-1,4-5' },
    { range: 'lines=1-2' },
    { range: 'bytes=4-8', 'if-range': '"something else"' },
  ])('are sent whole for %j', async (headers) => {
    expect(await get(`team/app/blobs/${layer}`, headers)).toMatchObject({
      status: 200,
      text: LAYER,
    });
  });

  test('refuse a part that is not there', async () => {
    const answer = get(`team/app/blobs/${layer}`, { range: 'bytes=20-' });
    await expect(answer).rejects.toMatchObject({
      status: 416,
      headers: ['Content-Range', 'bytes */20'],
    });
  });

  test('are not sent again to whoever has them', async () => {
    const answer = await get(`team/app/blobs/${layer}`, { 'if-none-match': `"${layer}"` });
    expect(answer).toMatchObject({ status: 304, text: '' });
  });

  test('are served by the repositories that hold them and by no other (CVE-2024-39897)', async () => {
    const unknown = { code: 'BLOB_UNKNOWN' };
    await expect(get(`other/blobs/${layer}`)).rejects.toMatchObject(unknown);
    await expect(head(`other/blobs/${layer}`)).rejects.toMatchObject(unknown);
    await expect(get(`other/manifests/${image.digest}`)).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
  });
});

describe('tags', () => {
  const next = (query: string) => `</v2/team/app/tags/list?${query}>; rel="next"`;

  test.each([
    ['', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
    ['?n=2', ['V1', 'latest'], next('n=2&last=latest')],
    ['?n=2&last=latest', ['v1', 'v10'], next('n=2&last=v10')],
    ['?n=2&last=v10', ['v2'], undefined],
    ['?n=5', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
    ['?n=0', [], undefined],
    ['?last=m', ['v1', 'v10', 'v2'], undefined],
    ['?last=zzz', [], undefined],
    ['?last=%00%2f..%2f', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
    ['?n=1000000000', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
    ['?n=99999999999999999999', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
  ])('in byte order, page by page: %s', async (query, tags, link) => {
    const { status, headers, text } = await get(`team/app/tags/list${query}`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ name: 'team/app', tags });
    expect(headers['link']).toBe(link);
  });

  test.each(['?n=-1', '?n=1e9', '?n=0x10', '?n=', '?n=1&n=2', '?n=1&%6e=2', '?last=%zz'])(
    'refuses %s (CVE-2023-2253)',
    async (query) => {
      await expect(get(`team/app/tags/list${query}`)).rejects.toMatchObject({ status: 400 });
    },
  );
});

describe('referrers', () => {
  test('are listed with what kind they are', async () => {
    const { status, headers, text } = await get(`team/app/referrers/${image.digest}`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(OCI_INDEX);
    expect(headers['oci-filters-applied']).toBeUndefined();
    const { manifests, ...rest } = JSON.parse(text);
    expect(rest).toEqual({ schemaVersion: 2, mediaType: OCI_INDEX });
    expect(manifests).toHaveLength(2);
    for (const { digest, size } of referrers) {
      expect(manifests).toContainEqual(expect.objectContaining({ digest, size }));
    }
  });

  test.each([
    ['text/signature', 1],
    ['text/sbom%2Bx', 1],
    ['text/sbom+x', 1],
    ['text/other', 0],
  ])('are filtered by type %s', async (type, count) => {
    const path = `team/app/referrers/${image.digest}?artifactType=${type}`;
    const { headers, text } = await get(path);
    expect(headers['oci-filters-applied']).toBe('artifactType');
    expect(JSON.parse(text).manifests).toHaveLength(count);
  });

  test.each([`team/app/referrers/${absent}`, `nobody/referrers/${absent}`])(
    'of what is not there are none: %s',
    async (path) => {
      const { status, text } = await get(path);
      expect(status).toBe(200);
      expect(JSON.parse(text).manifests).toEqual([]);
    },
  );

  test('come in pages when there are very many', async () => {
    const many = memoryDriver();
    for (let index = 0; index < 1500; index++) {
      const digest = digestOf(`${index}`);
      const key = `repositories/a/_referrers/${absent.replace(':', '/')}/${digest.replace(':', '-')}`;
      const artifactType = 'a/b+c';
      await many.write(
        key,
        JSON.stringify({ mediaType: OCI_MANIFEST, digest, size: 1, artifactType }),
      );
    }
    const pages = pullHandler({ storage: many, log: silentLog });
    const seen = new Set<string>();
    const counts: number[] = [];
    for (let target = `/v2/a/referrers/${absent}?artifactType=a/b%2Bc`; target !== ''; ) {
      const { headers, text } = await ask(pages, someRequest(target));
      const { manifests } = JSON.parse(text);
      for (const { digest } of manifests) seen.add(digest);
      counts.push(manifests.length);
      target = /^<(.*)>; rel="next"$/.exec(headers['link'] ?? '')?.[1] ?? '';
    }
    expect(counts).toEqual([1000, 500]);
    expect(seen.size).toBe(1500);
  });
});

describe("a damaged store is the operator's business", () => {
  const referrers = `repositories/a/_referrers/${absent.replace(':', '/')}`;

  test.each<[string, string, (storage: StorageDriver) => Promise<unknown>]>([
    [
      'bytes of a manifest are gone',
      'manifests/v1',
      (store) => store.remove(blobKey(image.digest)),
    ],
    [
      'bytes of a manifest are cut',
      'manifests/v1',
      (store) => store.write(blobKey(image.digest), '{'),
    ],
    ['bytes of a blob are gone', `blobs/${layer}`, (store) => store.remove(blobKey(layer))],
    ['a record is no JSON', 'manifests/v1', (store) => store.write(tagKey('a', 'v1'), 'x')],
    ['a tag has no digest', 'manifests/v1', (store) => store.write(tagKey('a', 'v1'), '{}')],
    [
      'a manifest has no type',
      'manifests/v1',
      (store) => store.write(manifestKey('a', image.digest), '{"children":{}}'),
    ],
    ['a referrer is none', `referrers/${absent}`, (store) => store.write(`${referrers}/x`, '{}')],
  ])('%s', async (_, path, damage) => {
    const logged: string[] = [];
    const log = { ...silentLog, error: (event: string) => void logged.push(event) };
    const damaged = memoryDriver();
    const source = memorySource('test');
    source.tag('v1', addImage(source, LAYER).digest);
    await importImage({ source, storage: damaged, repository: 'a', reference: 'v1', tag: 'v1' });
    await damage(damaged);
    const answer = ask(pullHandler({ storage: damaged, log }), someRequest(`/v2/a/${path}`));
    await expect(answer).rejects.toMatchObject({ name: 'StoreError', code: 'damaged' });
    expect(logged).toEqual(['store-damaged']);
  });
});

test('a deleted link is gone at once (CVE-2026-35172)', async () => {
  const again = memoryDriver();
  const source = memorySource('test');
  source.tag('v1', addImage(source, LAYER).digest);
  for (const repository of ['a', 'b']) {
    await importImage({ source, storage: again, repository, reference: 'v1', tag: 'v1' });
  }
  const pull = pullHandler({ storage: again, log: silentLog });
  const statusOf = (repository: string) =>
    ask(pull, someRequest(`/v2/${repository}/blobs/${layer}`)).then(
      ({ status }) => status,
      (error) => error.status,
    );
  expect(await statusOf('a')).toBe(200);
  await again.remove(linkKey(layer, 'a'));
  expect([await statusOf('b'), await statusOf('a')]).toEqual([200, 404]);
});
