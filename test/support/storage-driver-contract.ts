// SPDX-License-Identifier: Apache-2.0
import { describe } from 'vitest';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { conditionContract } from './storage-condition-contract.ts';
import { listContract } from './storage-list-contract.ts';
import { objectContract } from './storage-object-contract.ts';
import { uploadContract } from './storage-upload-contract.ts';

/** What a store behind a driver cannot do, though the protocol it speaks could. */
export interface StoreLimits {
  /** Versions are hashes of content. */
  readonly hashesVersions?: boolean;
  /** Of removals on the same version at once, more than one may be told that it was the one. */
  readonly removesBlindly?: boolean;
  /** Removals do not heed their conditions. */
  readonly removesAlways?: boolean;
  /** Objects are files: none can be the folder of others, and names are not as long. */
  readonly keepsFiles?: boolean;
  /** Uploads in parts are finished whatever their condition. */
  readonly joinsAlways?: boolean;
  /** Keys that are refused, since the store would take them for others or for none. */
  readonly lacksKeys?: readonly string[];
}

/** What every storage driver promises. `open` gives an empty store each time. */
export function storageDriverContract(
  open: () => Promise<StorageDriver>,
  limits: StoreLimits = {},
): void {
  describe('objects', () => objectContract(open, limits));
  describe('conditions', () => conditionContract(open, limits));
  describe('lists', () => listContract(open, limits));
  describe('uploads in parts', () => uploadContract(open, limits));
}
