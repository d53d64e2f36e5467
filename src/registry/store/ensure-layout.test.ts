// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { textAt } from '../../../test/support/storage-reading.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { ensureLayout, hasLayout } from './ensure-layout.ts';

test('an empty store is marked, and a marked one is accepted', async () => {
  const storage = memoryDriver();
  await ensureLayout(storage);
  await ensureLayout(storage);
  expect(await textAt(storage, 'layout')).toBe('{"version":1}');
});

test('whether a store is marked is found out without marking it', async () => {
  const storage = memoryDriver();
  expect(await hasLayout(storage)).toBe(false);
  expect(await textAt(storage, 'layout')).toBeUndefined();
  await ensureLayout(storage);
  expect(await hasLayout(storage)).toBe(true);
});

test.each([
  ['{"version":2}', 'newer-layout'],
  ['{"version":"1"}', 'damaged'],
  ['[]', 'damaged'],
  ['', 'damaged'],
])('a store marked %j is refused', async (text, code) => {
  const storage = memoryDriver();
  await storage.write('layout', text);
  await expect(ensureLayout(storage)).rejects.toMatchObject({ name: 'StoreError', code });
  expect(await textAt(storage, 'layout')).toBe(text);
});
