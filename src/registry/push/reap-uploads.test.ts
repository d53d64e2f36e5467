// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { registryClient } from '../../../test/support/registry-client.ts';
import { keysIn, textAt } from '../../../test/support/storage-reading.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { digestOf } from '../store/verify-body.ts';
import { reapUploads } from './reap-uploads.ts';

const LIFETIME = 10;

test('uploads that are over are removed, and those that go on are not', async () => {
  let now = 0;
  const client = registryClient({ now: () => now, settings: { uploadLifetime: LIFETIME } });
  const { storage } = client;
  const [over, going] = [await client.start('app'), await client.start('app')];
  await client.ask('PATCH', over, { body: 'abc' });
  now = 9;
  await client.ask('PATCH', going, { body: 'abc' });
  expect(await reapUploads(storage, 9, LIFETIME)).toBe(0);
  expect(await reapUploads(storage, 10, LIFETIME)).toBe(1);
  expect((await client.ask('GET', over)).status).toBe(404);
  expect((await client.ask('PUT', `${going}?digest=${digestOf('abc')}`)).status).toBe(201);
  expect(await keysIn(storage, 'uploads/')).toEqual([]);
});

test('data that no session leads to goes when it is old enough', async () => {
  const storage = memoryDriver();
  const key = `uploads/${'a'.repeat(32)}.data`;
  const info = await storage.write(key, 'left');
  const writtenAt = info === 'conflict' ? 0 : info.modifiedAt;
  await reapUploads(storage, writtenAt + LIFETIME - 1, LIFETIME);
  expect(await keysIn(storage, '')).toEqual([key]);
  await reapUploads(storage, writtenAt + LIFETIME, LIFETIME);
  expect(await keysIn(storage, '')).toEqual([]);
});

test('a session that was torn is none, and goes when it is old enough', async () => {
  const storage = memoryDriver();
  const client = registryClient({ storage, now: () => 0 });
  const location = await client.start('app');
  const key = `uploads/${location.slice(location.lastIndexOf('/') + 1)}`;
  for (const torn of ['', '{"repository":"app","rec', '{}']) {
    await storage.write(key, torn);
    expect((await client.ask('PATCH', location, { body: 'abc' })).status).toBe(404);
  }
  const writtenAt = (await storage.stat(key))?.modifiedAt ?? 0;
  await reapUploads(storage, writtenAt + LIFETIME - 1, LIFETIME);
  expect(await keysIn(storage, 'uploads/')).toEqual([key]);
  await reapUploads(storage, writtenAt + LIFETIME, LIFETIME);
  expect(await keysIn(storage, 'uploads/')).toEqual([]);
});

test('a session that somebody goes on with at this moment stays', async () => {
  const storage = memoryDriver();
  const client = registryClient({ storage, now: () => 0, settings: { uploadLifetime: LIFETIME } });
  const location = await client.start('app');
  const late = registryClient({ storage, now: () => 9, settings: { uploadLifetime: LIFETIME } });
  const racing = {
    ...storage,
    remove: async (...args: Parameters<typeof storage.remove>) => {
      await late.ask('PATCH', location, { body: 'abc' });
      return storage.remove(...args);
    },
  };
  expect(await reapUploads(racing, 10, LIFETIME)).toBe(0);
  expect((await late.ask('GET', location)).headers['range']).toBe('0-2');
});

test('what a store keeps of uploads itself goes after a day, but for those that go on', async () => {
  const storage = memoryDriver();
  const day = 24 * 60 * 60_000;
  const swept: unknown[] = [];
  const sweepUploads: StorageDriver['sweepUploads'] = async ({ before, isUnderWay }) => {
    swept.push(before, isUnderWay(id), isUnderWay('other'));
    return 3;
  };
  const client = registryClient({ storage, now: () => 2 * day });
  const location = await client.start('app');
  await client.ask('PATCH', location, { body: 'abc' });
  const key = `uploads/${location.slice(location.lastIndexOf('/') + 1)}`;
  const { id } = JSON.parse((await textAt(storage, key)) ?? '').upload;
  expect(await reapUploads({ ...storage, sweepUploads }, 2 * day, LIFETIME)).toBe(3);
  expect(swept).toEqual([day, true, false]);
});
