// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { all, inChunks } from '../../../test/support/storage-reading.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { openBlob, putBlob, statBlob } from './blob-store.ts';
import { blobKey, linkKey } from './layout.ts';
import { digestOf, verified } from './verify-body.ts';

const digest = digestOf('abc');

describe('verified', () => {
  test.each([
    [['abc'], undefined],
    [['a', '', 'bc'], 3],
  ])('lets %j through', async (chunks, size) => {
    const passed = await all(verified(inChunks(chunks), { digest, size }));
    expect(Buffer.concat(passed).toString()).toBe('abc');
  });

  test('lets nothing through when nothing was expected', async () => {
    expect(await all(verified(inChunks([]), { digest: digestOf(''), size: 0 }))).toEqual([]);
  });

  test('knows sha512 as well', async () => {
    const longer = digestOf('abc', 'sha512');
    expect(await all(verified(inChunks(['abc']), { digest: longer }))).toHaveLength(1);
  });

  test.each([
    [['abd'], undefined, 'DIGEST_INVALID'],
    [[], undefined, 'DIGEST_INVALID'],
    [['abc', 'd'], 3, 'SIZE_INVALID'],
    [['ab'], 3, 'SIZE_INVALID'],
  ])('stops %j before its last chunk', async (chunks, size, code) => {
    const passed: Uint8Array[] = [];
    const pass = async () => {
      for await (const chunk of verified(inChunks(chunks), { digest, size })) passed.push(chunk);
    };
    await expect(pass()).rejects.toMatchObject({ name: 'RegistryError', code });
    expect(passed.length).toBeLessThan(Math.max(chunks.length, 1));
  });
});

describe('putBlob', () => {
  test('makes a blob readable in its repository, and in no other', async () => {
    const storage = memoryDriver();
    await putBlob({ storage, repository: 'a', digest }, inChunks(['abc']), { size: 3 });
    expect(await statBlob({ storage, repository: 'a', digest })).toMatchObject({ size: 3 });
    expect(await statBlob({ storage, repository: 'a/b', digest })).toBeUndefined();
  });

  test('shows nothing of wrong bytes (serverless-registry 87)', async () => {
    const storage = memoryDriver();
    const put = putBlob({ storage, repository: 'a', digest }, inChunks(['ab', 'x']));
    await expect(put).rejects.toMatchObject({ code: 'DIGEST_INVALID' });
    expect(await all(storage.list(''))).toEqual([]);
  });

  test('a link without bytes is damage, not absence', async () => {
    const storage = memoryDriver();
    await putBlob({ storage, repository: 'a', digest }, inChunks(['abc']));
    await storage.remove(blobKey(digest));
    const damaged = { name: 'StoreError', code: 'damaged', key: blobKey(digest) };
    await expect(openBlob({ storage, repository: 'a', digest })).rejects.toMatchObject(damaged);
    await storage.write(linkKey(digest, 'a'), '');
    await expect(statBlob({ storage, repository: 'a', digest })).rejects.toMatchObject(damaged);
  });
});
