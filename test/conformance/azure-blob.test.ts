// SPDX-License-Identifier: Apache-2.0
import { afterAll } from 'vitest';
import { azureBlobDriver } from '../../src/storage/azure-blob/azure-blob.ts';
import { conformanceOf } from '../support/conformance/conformance-of.ts';
import { wireOver } from '../support/conformance/start-wire.ts';
import { AZURE_TOKEN, startFakeAzure } from '../support/fake-azure.ts';
import type { FakeStore } from '../support/fake-store.ts';

const started: FakeStore[] = [];

afterAll(async () => {
  for (const { stop } of started) await stop();
});

conformanceOf(async () => {
  const fake = await startFakeAzure();
  started.push(fake);
  const place = { account: 'account', container: 'container', endpoint: `${fake.url}/account` };
  const credentials = { kind: 'token', token: async () => AZURE_TOKEN } as const;
  return wireOver(azureBlobDriver({ ...place, credentials }));
});
