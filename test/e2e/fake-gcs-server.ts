// SPDX-License-Identifier: Apache-2.0
import type { GcsOptions } from '../../src/storage/gcs/gcs-client.ts';
import { freePort, waitForHttp } from '../support/free-port.ts';
import { type RunningProcess, startProcess } from '../support/processes.ts';
import { goTool } from './go-tools.ts';

/** A program that plays Google Cloud Storage, for anybody. */
export interface FakeGcsServer {
  readonly running: RunningProcess;
  /** A new bucket, as a driver is told of it. */
  bucket(): Promise<GcsOptions>;
}

export async function startFakeGcsServer(): Promise<FakeGcsServer> {
  const [program, port] = [await goTool('fake-gcs-server'), await freePort()];
  const endpoint = `http://127.0.0.1:${port}`;
  const place = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)];
  const seen = ['-public-host', `127.0.0.1:${port}`, '-external-url', endpoint];
  const running = startProcess(program, [...place, ...seen, '-backend', 'memory']);
  await waitForHttp(endpoint, running);
  let count = 0;
  return {
    running,
    async bucket() {
      const bucket = `bucket-${count++}`;
      const body = JSON.stringify({ name: bucket });
      const made = await fetch(`${endpoint}/storage/v1/b`, { method: 'POST', body });
      if (!made.ok) throw new Error(`no bucket: ${made.status} ${await made.text()}`);
      return { bucket, endpoint };
    },
  };
}
