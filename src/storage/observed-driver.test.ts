// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { storageDriverContract } from '../../test/support/storage-driver-contract.ts';
import type { StorageDriver } from './driver.ts';
import { memoryDriver } from './memory/memory.ts';
import { observedDriver } from './observed-driver.ts';

function watched(driver: StorageDriver = memoryDriver()) {
  const seen: string[] = [];
  let clock = 0;
  const storage = observedDriver(
    driver,
    (operation, outcome, seconds) => seen.push(`${operation} ${outcome} ${seconds}`),
    () => clock++,
  );
  return { storage, seen };
}

describe('a driver that is observed', () => {
  storageDriverContract(async () => watched().storage);
});

test('every request is told with how it ended and how long it took', async () => {
  const { storage, seen } = watched();
  await storage.stat('a');
  await storage.write('a', 'x', { condition: { absent: true } });
  await storage.write('a', 'x', { condition: { absent: true } });
  await storage.read('a');
  await storage.read('b');
  await storage.copy('a', 'c');
  await storage.copy('b', 'c');
  await storage.remove('c');
  await storage.remove('c');
  expect(seen).toEqual([
    'stat absent 1',
    'write ok 1',
    'write conflict 1',
    'read ok 1',
    'read absent 1',
    'copy ok 1',
    'copy absent 1',
    'remove ok 1',
    'remove absent 1',
  ]);
});

test('a list is told once, with its first key, and one of nothing too', async () => {
  const { storage, seen } = watched();
  await storage.write('a', '1');
  await storage.write('b', '2');
  const keys: string[] = [];
  for await (const { key } of storage.list('')) keys.push(`${key} after ${seen.length}`);
  for await (const { key } of storage.list('none')) keys.push(key);
  expect(keys).toEqual(['a after 3', 'b after 3']);
  expect(seen.slice(2)).toEqual(['list ok 1', 'list ok 1']);
});

test('failures are told, and thrown', async () => {
  const broken = new Error('broken');
  const { storage, seen } = watched({
    ...memoryDriver(),
    stat: () => Promise.reject(broken),
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    list: async function* () {
      throw broken;
    },
    directUrl: () => Promise.reject(broken),
  });
  await expect(storage.stat('a')).rejects.toBe(broken);
  await expect(storage.list('')[Symbol.asyncIterator]().next()).rejects.toBe(broken);
  await expect(storage.directUrl?.('a', { method: 'GET', seconds: 1 })).rejects.toBe(broken);
  expect(seen).toEqual(['stat failed 1', 'list failed 1', 'direct-url failed 1']);
});
