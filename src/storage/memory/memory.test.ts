// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { storageDriverContract } from '../../../test/support/storage-driver-contract.ts';
import { textAt } from '../../../test/support/storage-reading.ts';
import { memoryDriver } from './memory.ts';

describe('the memory driver', () => {
  storageDriverContract(async () => memoryDriver());
});

test('bytes are copied on their way in and out', async () => {
  const storage = memoryDriver();
  const bytes = Buffer.from('abc');
  await storage.write('key', bytes);
  bytes.fill('x');
  for await (const chunk of (await storage.read('key'))?.body ?? []) chunk.fill(0x79);
  expect(await textAt(storage, 'key')).toBe('abc');
});
