// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { keysIn } from '../../../test/support/storage-reading.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { proveConditions } from './prove-conditions.ts';

test('a store that honours conditions is as it was', async () => {
  const storage = memoryDriver();
  await proveConditions(storage);
  expect(await keysIn(storage, '')).toEqual([]);
});

test.each<[string, RegExp, (storage: StorageDriver) => Partial<StorageDriver>]>([
  [
    'creates again',
    /If-None-Match\): of 4 writes at once 4 succeeded/,
    ({ write }) => ({
      write: (key, body, options = {}) => {
        const { condition, ...rest } = options;
        return write(key, body, condition && 'absent' in condition ? rest : options);
      },
    }),
  ],
  [
    'replaces anything',
    /\(If-Match\): of 4 writes at once 4 succeeded/,
    ({ write }) => ({
      write: (key, body, options = {}) => {
        const { condition, ...rest } = options;
        return write(key, body, condition && 'version' in condition ? rest : options);
      },
    }),
  ],
  ['writes nothing', /0 succeeded/, () => ({ write: async () => 'conflict' })],
  [
    'removes anything',
    /If-Match of a deletion/,
    ({ remove }) => ({ remove: (key: string) => remove(key) }),
  ],
  [
    'removes nothing',
    /remove what was read/,
    ({ remove }) => ({
      remove: async (key, options) => (options?.condition ? 'conflict' : remove(key)),
    }),
  ],
])('a store that %s is refused, and left as it was', async (_, message, broken) => {
  const storage = memoryDriver();
  const unfit = { ...storage, ...broken(storage) };
  await expect(proveConditions(unfit)).rejects.toMatchObject({
    code: 'unfit',
    message: expect.stringMatching(message),
  });
  expect(await keysIn(storage, '')).toEqual([]);
});
