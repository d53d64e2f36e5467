// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type FilledRegistry,
  filledRegistry,
  LARGE,
  LAYER,
  layer,
  storeOfOne,
} from '../../../test/support/registry-filled.ts';
import { ask, receive, someRequest } from '../../../test/support/registry-requests.ts';
import { silentLog } from '../../log.ts';
import { pullHandler } from '../pull-handler.ts';
import { linkKey } from '../store/layout.ts';
import { digestOf } from '../store/verify-body.ts';

let registry: FilledRegistry;

beforeAll(async () => {
  registry = await filledRegistry();
});

describe('blobs', () => {
  test('are sent whole, small ones at once', async () => {
    const answer = await registry.handler(someRequest(`/v2/team/app/blobs/${layer}`));
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
    const answer = await registry.handler(someRequest(`/v2/other/blobs/${digestOf(LARGE)}`));
    expect(answer.body).not.toBeInstanceOf(Uint8Array);
    const { headers, text } = await receive(answer);
    expect(headers['content-length']).toBe('200000');
    expect(text).toBe(LARGE);
  });

  test('have the same headers for HEAD, which knows no ranges', async () => {
    const got = await registry.get(`team/app/blobs/${layer}`);
    const asked = await registry.head(`team/app/blobs/${layer}`, { range: 'bytes=0-0' });
    expect(asked).toMatchObject({ status: 200, headers: got.headers, text: '' });
  });

  test.each([
    ['bytes=4-8', 'bytes 4-8/20', 'bytes'],
    ['bytes=-5', 'bytes 15-19/20', 'layer'],
    ['bytes=15-999', 'bytes 15-19/20', 'layer'],
  ])('are sent in part for %s', async (range, contentRange, text) => {
    const answer = await registry.get(`team/app/blobs/${layer}`, { range });
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
    expect(await registry.get(`team/app/blobs/${layer}`, headers)).toMatchObject({
      status: 200,
      text: LAYER,
    });
  });

  test('refuse a part that is not there', async () => {
    const answer = registry.get(`team/app/blobs/${layer}`, { range: 'bytes=20-' });
    await expect(answer).rejects.toMatchObject({
      status: 416,
      headers: ['Content-Range', 'bytes */20'],
    });
  });

  test('are not sent again to whoever has them', async () => {
    const answer = await registry.get(`team/app/blobs/${layer}`, { 'if-none-match': `"${layer}"` });
    expect(answer).toMatchObject({ status: 304, text: '' });
  });

  test('are served by the repositories that hold them and by no other (CVE-2024-39897)', async () => {
    const unknown = { code: 'BLOB_UNKNOWN' };
    await expect(registry.get(`other/blobs/${layer}`)).rejects.toMatchObject(unknown);
    await expect(registry.head(`other/blobs/${layer}`)).rejects.toMatchObject(unknown);
    await expect(registry.get(`other/manifests/${registry.image.digest}`)).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
  });
});

test('a deleted link is gone at once (CVE-2026-35172)', async () => {
  const again = await storeOfOne(['a', 'b']);
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
