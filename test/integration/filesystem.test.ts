// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { filesystemDriver } from '../../src/storage/filesystem.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';

const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archeion-storage-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe('the file system driver', () => {
  storageDriverContract(async () => filesystemDriver(join(await newFolder(), 'root')));
});
