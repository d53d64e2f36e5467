// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { absent, LAYER, layer, storeOfOne } from '../../../test/support/registry-filled.ts';
import { ask, someRequest } from '../../../test/support/registry-requests.ts';
import { silentLog } from '../../log.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { registryHandler } from '../registry-handler.ts';
import { linkKey } from '../store/layout.ts';

async function redirecting() {
  const storage = await storeOfOne(['a']);
  const asked: string[] = [];
  const watched: StorageDriver = {
    ...storage,
    async stat(key) {
      asked.push(key);
      return storage.stat(key);
    },
    async directUrl(key, { seconds }) {
      return `https://store.example/${key}?for=${seconds}`;
    },
  };
  const settings = { redirectSeconds: 60 };
  const handler = registryHandler({ storage: watched, log: silentLog, settings });
  const get = (path: string, headers = {}, method = 'GET') =>
    ask(handler, someRequest(`/v2/${path}`, headers, method));
  return { storage, asked, get };
}

const target = `a/blobs/${layer}`;

test.each([{}, { range: 'bytes=1-2' }, { 'if-none-match': '"other"' }])(
  'clients with %j get a blob from the store, after one look at the link',
  async (headers) => {
    const { get, asked } = await redirecting();
    const answer = await get(target, headers);
    expect(answer).toMatchObject({ status: 307, text: '' });
    expect(answer.headers).toMatchObject({
      location: `https://store.example/blobs/${layer.replace(':', '/')}?for=60`,
      'cache-control': 'no-store',
      'docker-content-digest': layer,
    });
    expect(asked).toEqual([linkKey(layer, 'a')]);
  },
);

test('HEAD is answered here, and so is who has the blob', async () => {
  const { get } = await redirecting();
  const head = await get(target, {}, 'HEAD');
  expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(LAYER.length) } });
  expect(await get(target, { 'if-none-match': `"${layer}"` })).toMatchObject({ status: 304 });
});

test('nobody is sent to what the repository does not hold', async () => {
  const { get, storage } = await redirecting();
  await expect(get(`a/blobs/${absent}`)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
  await storage.remove(linkKey(layer, 'a'));
  await expect(get(target)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
});

test('a store that has no links to give is read from here', async () => {
  const storage = await storeOfOne(['a']);
  const settings = { redirectSeconds: 60 };
  const handler = registryHandler({ storage, log: silentLog, settings });
  const answer = await ask(handler, someRequest(`/v2/${target}`));
  expect(answer).toMatchObject({ status: 200, text: LAYER });
});
