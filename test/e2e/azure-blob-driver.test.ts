// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proveConditions } from '../../src/registry/store/prove-conditions.ts';
import { azureBlobDriver } from '../../src/storage/azure-blob/azure-blob.ts';
import { conformanceOf } from '../support/conformance/conformance-of.ts';
import { wireOver } from '../support/conformance/start-wire.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';
import { type Azurite, startAzurite } from './azurite.ts';

let folder: string;
let azurite: Azurite;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-azurite-'));
  azurite = await startAzurite(folder);
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

/** Every other one has a prefix. */
async function open() {
  const options = await azurite.container();
  return azureBlobDriver({ ...options, ...(count++ % 2 === 0 && { prefix: 'some/where' }) });
}

describe('the driver of Azure on Azurite', () => {
  storageDriverContract(open, { lacksKeys: ['./.', '../x', 'a/../b', 'a\\b', 'a\nb'] });
});

test('a link gives whoever has it one blob, and no other', async () => {
  const storage = await open();
  await storage.write('some/key: 1+1', 'secret');
  await storage.write('other', 'more of it');
  const url = await storage.directUrl?.('some/key: 1+1', { method: 'GET', seconds: 60 });
  expect(await (await fetch(url ?? '')).text()).toBe('secret');
  const other = (url ?? '').replace(/some\/key[^?]*/, 'other');
  expect((await fetch(other)).status).toBe(403);
});

describe('the registry over Azurite', () => {
  conformanceOf(async () => wireOver(await open()));
});

test('a registry may start over it: it heeds every condition', async () => {
  await expect(proveConditions(await open())).resolves.toBeUndefined();
});
