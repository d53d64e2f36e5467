// SPDX-License-Identifier: Apache-2.0
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { FrontProcess } from './front-process.ts';

/** A front with workers, for tests: everything is logged. */
export const WORKERS_CONFIG = `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [{ name: main, url: "https://one.example" }]
shutdown: { grace: 5s }
log: { sample: 1 }
`;

/** The process of each worker that listened so far, the newest of each number. */
export async function pidsOfWorkers(
  front: Pick<FrontProcess, 'logged'>,
  count: number,
): Promise<ReadonlyMap<number, number>> {
  const lines = await front.logged('worker-started', count);
  return new Map(lines.map((line) => [Number(line['worker']), Number(line['pid'])]));
}

/** A client that keeps one connection; a new one follows when it breaks. */
export interface Client {
  /** The status and location of the answer, or the code of the failure. */
  pull(path: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  close(): void;
}

export function openClient(url: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    pull: (path, headers = {}) =>
      new Promise((resolve) => {
        const request = get(`${url}${path}`, { agent, headers }, (answer) => {
          let body = '';
          answer.setEncoding('utf8').on('data', (text: string) => (body += text));
          answer.on('close', () => {
            const what = answer.headers.location ?? body;
            resolve(answer.complete ? `${answer.statusCode} ${what}` : 'broken');
          });
        });
        request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'failed'));
      }),
    close: () => agent.destroy(),
  };
}

/** An upstream that answers lists of tags late, or never; and the configuration that names it. */
export async function slowUpstream(answerAfter?: number) {
  const upstream = createServer((_, response) => {
    const answer = () =>
      response.setHeader('content-type', 'application/json').end('{"name":"a","tags":["v1"]}');
    if (answerAfter !== undefined) setTimeout(answer, answerAfter);
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void upstream.close().closeAllConnections());
  const { port } = upstream.address() as AddressInfo; // it listens on a port
  return {
    config: WORKERS_CONFIG.replace('https://one.example', `http://127.0.0.1:${port}`),
    asked: new Promise((resolve) => upstream.once('request', resolve)),
  };
}
