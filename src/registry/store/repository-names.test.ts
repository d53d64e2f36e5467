// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { tagKey } from './layout.ts';
import { repositoryNames } from './repository-names.ts';

async function storeOf(names: Iterable<string>): Promise<StorageDriver> {
  const storage = memoryDriver();
  for (const name of names) await storage.write(tagKey(name, 'v1'), '{}');
  return storage;
}

async function namesAfter(storage: StorageDriver, after: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of repositoryNames(storage, after)) names.push(name);
  return names;
}

const part = fc.array(fc.constantFrom('a', 'b', '0'), { minLength: 1, maxLength: 3 });
const name = fc
  .array(fc.tuple(part, fc.constantFrom('-', '--', '.', '_', '__', '/')), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.map(([text, end]) => text.join('') + end).join(''))
  .map((text) => text.replace(/[^a-z0-9]+$/, ''));

test('all names are found in byte order, from anywhere on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { maxLength: 12 }),
      fc.oneof(name, fc.string()),
      async (names, after) => {
        const storage = await storeOf(names);
        const sorted = [...names].sort();
        expect(await namesAfter(storage, '')).toEqual(sorted);
        expect(await namesAfter(storage, after)).toEqual(sorted.filter((one) => one > after));
      },
    ),
    { numRuns: PROPERTY_RUNS },
  );
});

test('what is no repository is passed over', async () => {
  const storage = await storeOf(['a']);
  await storage.write('repositories/Z/_tags/v1', '{}');
  await storage.write('repositories/stray', '{}');
  expect(await namesAfter(storage, '')).toEqual(['a']);
});

test('a name that others go on after is looked for once, however many they are', async () => {
  const storage = await storeOf(Array.from({ length: 50 }, (_, index) => `a-${index}`));
  let lists = 0;
  const counted: StorageDriver = {
    ...storage,
    list(prefix, options) {
      lists += 1;
      return storage.list(prefix, options);
    },
  };
  expect(await namesAfter(counted, '')).toHaveLength(50);
  expect(lists).toBe(2);
});
