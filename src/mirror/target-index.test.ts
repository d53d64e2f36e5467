// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { digestOfPair } from '../../test/support/index-bucket.ts';
import { bytesIn, keysIn } from '../../test/support/storage-reading.ts';
import { recordsIn } from '../core/digest-index/digest-index-file.ts';
import { digestTable } from '../core/mirroring/digest-table.ts';
import type { Digest } from '../core/oci/digest.ts';
import { parseBlobPath } from '../core/routing/blob-path.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { openDigestIndex } from '../upstream/digest-index-seal.ts';
import type { ListedTarget } from './mirror-target.ts';
import { type IndexAbout, publishTargetIndex, readPointer } from './target-index.ts';

const [A, B] = ['aa', 'bb'].map(digestOfPair) as [Digest, Digest];
const URL = 'https://dublin.example';
const keys = generateKeyPairSync('ed25519');
const blobPath = parseBlobPath('images/{digest}') ?? expect.fail('it is a path');

function targetOf(store: StorageDriver, digests: readonly Digest[]): ListedTarget {
  const held = digestTable();
  for (const digest of digests) held.set(digest, 5);
  return { name: 'dublin', store, blobPath, held };
}

function about(fields: Partial<IndexAbout> = {}): IndexAbout {
  return {
    url: URL,
    createdAt: 1_000,
    validUntil: 9_000,
    privateKey: undefined,
    seen: undefined,
    settle: async () => undefined,
    ...fields,
  };
}

async function published(store: StorageDriver, publicKey?: KeyObject) {
  const pointer = (await readPointer(store))?.pointer ?? expect.fail('there is no pointer');
  const found = (await store.read(`archeion/${pointer.file}`)) ?? expect.fail('there is no file');
  const expected = { backend: 'dublin', url: URL, publicKey, now: 2_000 };
  const opened = openDigestIndex(await bytesIn(found.body), expected);
  if (!opened.ok) return expect.fail(opened.problem);
  const held = [...recordsIn(opened.file)].map(({ hex }) => hex.slice(0, 2));
  return { header: opened.file.header, held };
}

test('what somebody published meanwhile is in it, and what was there before is not', async () => {
  const store = memoryDriver();
  await publishTargetIndex(targetOf(store, [A]), about());
  const seen = await readPointer(store);
  await publishTargetIndex(targetOf(store, [B]), about({ seen, createdAt: 1_500 }));
  expect((await published(store)).held).toEqual(['bb']);
  await publishTargetIndex(targetOf(store, [A]), about({ seen, createdAt: 1_600 }));
  expect((await published(store)).held).toEqual(['aa', 'bb']);
});

test('it is never older than the one before, however short the time is', async () => {
  const store = memoryDriver();
  await publishTargetIndex(targetOf(store, [A]), about());
  await publishTargetIndex(targetOf(store, [A]), about());
  expect((await published(store)).header.createdAt).toBe(1_001);
});

test('files of two runs ago go, the last two stay', async () => {
  const store = memoryDriver();
  for (const createdAt of [1_000, 1_100, 1_200, 1_300]) {
    await publishTargetIndex(targetOf(store, [A]), about({ createdAt }));
  }
  const files = (await keysIn(store, 'archeion/index-')).map((key) => key.slice(9, 19));
  expect(files).toEqual(['index-1200', 'index-1300']);
});

test('threat 17: nothing that somebody else has put into a bucket gets our signature', async () => {
  const store = memoryDriver();
  await publishTargetIndex(targetOf(store, [A]), about());
  const { privateKey } = keys;
  await publishTargetIndex(targetOf(store, [B]), about({ privateKey, createdAt: 1_500 }));
  expect((await published(store, keys.publicKey)).held).toEqual(['bb']);
});

test('threat 33: what was signed once, and is put back after its time, is not taken in again', async () => {
  const store = memoryDriver();
  const { privateKey } = keys;
  await publishTargetIndex(targetOf(store, [B]), about({ privateKey }));
  const late = { privateKey, createdAt: 20_000, validUntil: 30_000 };
  await publishTargetIndex(targetOf(store, [A]), about(late));
  const pointer = (await readPointer(store))?.pointer ?? expect.fail('there is no pointer');
  const found = (await store.read(`archeion/${pointer.file}`)) ?? expect.fail('there is no file');
  const expected = { backend: 'dublin', url: URL, publicKey: keys.publicKey, now: 20_000 };
  const opened = openDigestIndex(await bytesIn(found.body), expected);
  expect(opened.ok && [...recordsIn(opened.file)].map(({ hex }) => hex.slice(0, 2))).toEqual([
    'aa',
  ]);
});

test('whoever comes second takes in what the first has brought', async () => {
  const store = memoryDriver();
  let isFirst = true;
  const raced: StorageDriver = {
    ...store,
    async write(key, ...rest) {
      if (key === 'archeion/index' && isFirst) {
        isFirst = false;
        await publishTargetIndex(targetOf(store, [B]), about());
      }
      return store.write(key, ...rest);
    },
  };
  await publishTargetIndex(targetOf(raced, [A]), about());
  expect((await published(store)).held).toEqual(['aa', 'bb']);
});

test('a pointer that cannot be read is replaced, and a store where others always win is given up', async () => {
  const store = memoryDriver();
  await store.write('archeion/index', 'no pointer');
  await publishTargetIndex(targetOf(store, [A]), about());
  expect((await published(store)).held).toEqual(['aa']);
  const losing: StorageDriver = {
    ...store,
    write: async (key, ...rest) =>
      key === 'archeion/index' ? 'conflict' : store.write(key, ...rest),
  };
  const attempt = publishTargetIndex(targetOf(losing, [A]), about());
  await expect(attempt).rejects.toThrow('others publish the index all the time');
});
