// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { silentLog } from '../../src/log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { azureBlobDriver } from '../../src/storage/azure-blob/azure-blob.ts';
import { gcsDriver } from '../../src/storage/gcs/gcs.ts';
import { AZURE_TOKEN, startFakeAzure } from '../support/fake-azure.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import { startFakeStore } from '../support/fake-store.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { startTestServer } from '../support/start-server.ts';
import { keysIn } from '../support/storage-reading.ts';

/** A machine of Azure, as far as it says who it is. */
async function startMachine(): Promise<string> {
  const body = JSON.stringify({ access_token: AZURE_TOKEN, expires_in: 3600 });
  const machine = await startFakeStore(() => ({ status: 200, body }));
  onTestFinished(() => machine.stop());
  return machine.url;
}

test('a bucket of Google and a container of Azure are filled alike, and then there is nothing to do', async () => {
  const [google, azure, registry] = [
    await startFakeGcs(),
    await startFakeAzure(),
    await registryFolder(),
  ];
  onTestFinished(async () => {
    await google.stop();
    await azure.stop();
  });
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', await startMachine());
  onTestFinished(() => void vi.unstubAllEnvs());
  const server = await startTestServer(pullHandler({ storage: registry.storage, log: silentLog }));
  const inGoogle = { kind: 'gcs', bucket: 'bucket', endpoint: google.url, anonymous: true };
  const place = { account: 'account', container: 'container', endpoint: `${azure.url}/account` };
  const targets = [
    { name: 'iowa', storage: inGoogle, publicUrl: 'https://iowa.example.org' },
    { name: 'dublin', storage: { kind: 'azure-blob', ...place } },
  ];
  const config = join(await temporaryFolder(), 'mirror.yaml');
  const source = { url: server.url, repositories: ['team/app', 'other'] };
  await writeFile(config, stringify({ source, targets }));
  const done = await runCommand(['mirror', 'run', '--yes', '--config', config]);
  expect(done).toMatchObject({ exit: 0, err: '' });
  const again = await runCommand(['mirror', 'plan', '--config', config]);
  expect(again.exit).toBe(0);

  const credentials = { kind: 'token', token: async () => AZURE_TOKEN } as const;
  const stores = [
    gcsDriver({ bucket: 'bucket', endpoint: google.url }),
    azureBlobDriver({ ...place, credentials }),
  ];
  const [iowa = [], dublin] = await Promise.all(
    stores.map((storage) => keysIn(storage, 'containers/images/')),
  );
  expect(iowa).toHaveLength(10);
  expect(dublin).toEqual(iowa);
  expect(google.requests.some(({ query }) => query.get('ifGenerationMatch') !== null)).toBe(true);
});
