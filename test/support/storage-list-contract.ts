// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { ListOptions, StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import type { StoreLimits } from './storage-driver-contract.ts';
import { all, byUtf8, keysIn } from './storage-reading.ts';

const KEYS = ['a', 'a!', 'a/b', 'a/c/d', 'a/c/e', 'a0', 'B', 'b/c', 'b\uffee', 'b\u{1f600}'];

const LISTS: ReadonlyArray<readonly [string, ListOptions, readonly string[]]> = [
  ['a/', {}, ['a/b', 'a/c/d', 'a/c/e']],
  ['a/c', {}, ['a/c/d', 'a/c/e']],
  ['a', { limit: 3 }, ['a', 'a!', 'a/b']],
  ['', { after: 'a/c/d' }, ['a/c/e', 'a0', 'b/c', 'b\uffee', 'b\u{1f600}']],
  ['a/', { after: 'a/b', limit: 1 }, ['a/c/d']],
  ['', { after: 'a/bb', limit: 1 }, ['a/c/d']],
  ['b', { after: 'b\uffee' }, ['b\u{1f600}']],
  ['', { limit: 0 }, []],
  ['', { delimiter: '/' }, ['B', 'a', 'a!', 'a/', 'a0', 'b/', 'b\uffee', 'b\u{1f600}']],
  ['a/', { delimiter: '/' }, ['a/b', 'a/c/']],
  ['', { delimiter: '/', after: 'a/', limit: 2 }, ['a0', 'b/']],
  ['', { delimiter: '/', after: 'a', limit: 2 }, ['a!', 'a/']],
  ['a', { delimiter: 'c' }, ['a', 'a!', 'a/b', 'a/c', 'a0']],
  ['c', {}, []],
  ['a//', {}, []],
  ['\0', {}, []],
];

/** Order, pages and cut keys. */
export function listContract(
  open: () => Promise<StorageDriver>,
  { keepsFiles = false }: StoreLimits,
): void {
  const keys = KEYS.filter((key) => !(keepsFiles && key === 'a'));
  const fill = async (storage: StorageDriver): Promise<StorageDriver> => {
    for (const key of keys.toReversed()) await storage.write(key, key);
    return storage;
  };
  const filled = async () => fill(await open());

  test('objects come in byte order of their keys, with their facts', async () => {
    const storage = await filled();
    const listed = await all(storage.list(''));
    expect(listed.map(({ key }) => key)).toEqual([...keys].sort(byUtf8));
    for (const info of listed) expect(await storage.stat(info.key)).toEqual(info);
  });

  test.each(LISTS)('below %j with %j', async (prefix, options, listed) => {
    // What is listed of fewer keys, the memory driver says, of which the table has been true before.
    const expected = keepsFiles
      ? await keysIn(await fill(memoryDriver()), prefix, options)
      : listed;
    expect(await keysIn(await filled(), prefix, options)).toEqual(expected);
  });

  test('keys alone are the same keys', async () => {
    const storage = await filled();
    const keys = await keysIn(storage, '');
    expect(await keysIn(storage, '', { keysOnly: true })).toEqual(keys);
    const page = { after: 'a/b', limit: 3, delimiter: '/' };
    expect(await keysIn(storage, 'a', { ...page, keysOnly: true })).toEqual(
      await keysIn(storage, 'a', page),
    );
  });

  test('what comes and goes during a list does not disturb it', async () => {
    const storage = await filled();
    const seen: string[] = [];
    for await (const { key } of storage.list('')) {
      seen.push(key);
      await storage.remove('a/c/e');
      await storage.write('0', 'earlier');
    }
    expect(seen.filter((key) => key !== 'a/c/e')).toEqual(
      keys.filter((key) => key !== 'a/c/e').sort(byUtf8),
    );
  });
}
