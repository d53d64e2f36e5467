// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proveConditions } from '../../src/registry/store/prove-conditions.ts';
import { gcsDriver } from '../../src/storage/gcs/gcs.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';
import { type FakeGcsServer, startFakeGcsServer } from './fake-gcs-server.ts';

let server: FakeGcsServer;
let count = 0;

beforeAll(async () => {
  server = await startFakeGcsServer();
});

afterAll(() => stopAllProcesses());

/** Every other one has a prefix. */
async function open() {
  const options = await server.bucket();
  return gcsDriver({ ...options, ...(count++ % 2 === 0 && { prefix: 'some/where' }) });
}

/** What the program does not do and Google does: it heeds no condition of a deletion or of a composition. */
const LIMITS = { removesAlways: true, removesBlindly: true, joinsAlways: true };

describe('the driver of Google on fake-gcs-server', () => {
  storageDriverContract(open, { ...LIMITS, lacksKeys: ['.', '..', 'a\nb'] });
});

test('a registry does not start over what does not heed every condition', async () => {
  await expect(proveConditions(await open())).rejects.toThrow('does not remove only what was read');
});
