// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { type AzureOptions, openAzure } from '../../src/storage/azure-blob/azure-client.ts';
import { discard } from '../../src/storage/http/store-client.ts';
import { freePort, waitForHttp } from '../support/free-port.ts';
import { type RunningProcess, startProcess } from '../support/processes.ts';
import { npmTool } from './npm-tools.ts';

/** Azure's own emulator, with an account of its own. */
export interface Azurite {
  readonly running: RunningProcess;
  /** A new container, as a driver is told of it. */
  container(): Promise<AzureOptions>;
}

export async function startAzurite(folder: string): Promise<Azurite> {
  const [program, port] = [await npmTool('azurite'), await freePort()];
  const [account, key] = ['archeiontest', randomBytes(32).toString('base64')];
  const place = ['--blobHost', '127.0.0.1', '--blobPort', String(port)];
  const manners = ['--silent', '--disableTelemetry', '--inMemoryPersistence'];
  const running = startProcess(process.execPath, [program, ...place, ...manners], {
    cwd: folder,
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` },
  });
  const endpoint = `http://127.0.0.1:${port}/${account}`;
  await waitForHttp(endpoint, running);
  let count = 0;
  return {
    running,
    async container() {
      const credentials = { kind: 'key', key: async () => key } as const;
      const options = { account, container: `container-${count++}`, endpoint, credentials };
      const { client, container } = openAzure(options).store;
      const path = `${container}?restype=container`;
      await discard(await client.send({ key: '', method: 'PUT', path }));
      return options;
    },
  };
}
