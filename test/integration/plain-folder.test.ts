// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { plainFolder } from '../../src/storage/plain-folder.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { all } from '../support/storage-reading.ts';

const KEY = `containers/images/sha256:${'0a'.repeat(32)}`;

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('the source broke');
}

test('an object lies at the path that its key is', async () => {
  const folder = await temporaryFolder();
  const store = plainFolder(folder);
  const written = await store.write(KEY, 'bytes', { size: 5 });
  expect(await readFile(join(folder, KEY), 'utf8')).toBe('bytes');
  expect(await store.stat(KEY)).toEqual(written);
  const read = await store.read(KEY);
  expect(read && (await buffer(read.body)).toString()).toBe('bytes');
  expect(await store.read(`${KEY}0`)).toBeUndefined();
});

test('a body that breaks leaves nothing', async () => {
  const folder = await temporaryFolder();
  const store = plainFolder(folder);
  await expect(store.write(KEY, broken())).rejects.toThrow('the source broke');
  expect(await store.stat(KEY)).toBeUndefined();
  expect(await readdir(join(folder, '.tmp'))).toEqual([]);
});

test('conditions hold, and of two who create one wins', async () => {
  const store = plainFolder(await temporaryFolder());
  const create = () => store.write('archeion/index', 'one', { condition: { absent: true } });
  const results = await Promise.all([create(), create(), create()]);
  expect(results.filter((result) => result === 'conflict')).toHaveLength(2);
  const { version = '' } = (await store.stat('archeion/index')) ?? {};
  const replace = () => store.write('archeion/index', 'two', { condition: { version } });
  expect(await replace()).toMatchObject({ size: 3 });
  expect(await replace()).toBe('conflict');
});

test('it lists files below a prefix in order, but nothing that is not ready, and no links', async () => {
  const folder = await temporaryFolder();
  const store = plainFolder(folder);
  for (const key of ['images/b', 'images/a/c', 'images/B', 'other']) await store.write(key, key);
  await mkdir(join(folder, 'images/.hidden'));
  await writeFile(join(folder, 'images/.hidden/x'), 'x');
  await symlink('b', join(folder, 'images/link'));
  const found = await all(store.list('images/'));
  expect(found.map(({ key, size }) => [key, size])).toEqual([
    ['images/B', 8],
    ['images/a/c', 10],
    ['images/b', 8],
  ]);
  const names = await all(store.list('images/', { keysOnly: true, limit: 1 }));
  expect(names).toEqual([{ key: 'images/B', size: 0, version: '', modifiedAt: 0 }]);
  expect(await all(store.list('absent/'))).toEqual([]);
});

test.each(['../out', 'a/../b', '.tmp/x', 'a/.lock-b', 'a\\..\\b', '', 'a//b'])(
  'the key "%s" leads nowhere',
  async (key) => {
    await expect(plainFolder('/nowhere').write(key, '')).rejects.toMatchObject({
      code: 'invalid-key',
    });
  },
);
