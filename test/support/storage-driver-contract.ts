// SPDX-License-Identifier: Apache-2.0
import { describe } from 'vitest';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { conditionContract } from './storage-condition-contract.ts';
import { listContract } from './storage-list-contract.ts';
import { objectContract } from './storage-object-contract.ts';
import { uploadContract } from './storage-upload-contract.ts';

/** What every storage driver promises. `open` gives an empty store each time. */
export function storageDriverContract(open: () => Promise<StorageDriver>): void {
  describe('objects', () => objectContract(open));
  describe('conditions', () => conditionContract(open));
  describe('lists', () => listContract(open));
  describe('uploads in parts', () => uploadContract(open));
}
