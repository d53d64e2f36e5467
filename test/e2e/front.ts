// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { ConfigDocument } from '../../src/config/schema.ts';
import { freePorts, waitForHttp } from '../support/free-port.ts';
import { startProcess } from '../support/processes.ts';

/** The built program, as it is shipped. */
export const PROGRAM = fileURLToPath(new URL('../../dist/bin/archeion', import.meta.url));

export interface Front {
  readonly url: string;
  /** Host and port, as clients write it. */
  readonly host: string;
  readonly adminUrl: string;
  log(): string;
  stop(): Promise<number>;
}

/** Starts `archeion serve` on free ports, behind one trusted proxy, and waits until it answers. */
export async function startFront(
  folder: string,
  config: Omit<ConfigDocument, 'listen' | 'admin' | 'clientAddress'>,
): Promise<Front> {
  const [port, adminPort] = await freePorts(2);
  const document = {
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    clientAddress: { trustedProxyHops: 1 },
    log: { level: 'info', sample: 1 },
    ...config,
  };
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'archeion.yaml');
  await writeFile(file, stringify(document));
  const running = startProcess(process.execPath, [PROGRAM, 'serve', '--config', file]);
  await waitForHttp(`http://127.0.0.1:${port}/v2/`, running);
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    log: running.output,
    stop: running.stop,
  };
}
