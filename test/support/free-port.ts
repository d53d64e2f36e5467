// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';
import { type RunningProcess, waitFor } from './processes.ts';

const LOOPBACK = '127.0.0.1';

/** A port of the loopback interface that nobody listens on, for a program that cannot be told "any". */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port ?? 0;
}

/** Several at once, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => holdPort(0)));
  for (const { release } of held) await release();
  return held.map(({ port }) => port);
}

/** The first of `count` free ports in a row. */
export async function freePortBase(count: number): Promise<number> {
  return waitFor(
    async () => {
      const base = await freePort();
      const row = Array.from({ length: count }, (_, index) => base + index);
      const held = await Promise.allSettled(row.map(holdPort));
      for (const port of held) if (port.status === 'fulfilled') await port.value.release();
      return held.every((port) => port.status === 'fulfilled') ? base : undefined;
    },
    () => `no ${count} free ports in a row`,
  );
}

/** Waits until a program answers HTTP, with whatever status; fails at once when it ends instead. */
export async function waitForHttp(url: string, running: RunningProcess): Promise<void> {
  const ask = async (): Promise<true | undefined> => {
    if (running.exitCode() !== undefined) throw new Error(`it ended: ${running.output()}`);
    const answer = fetch(url, { redirect: 'manual' });
    return answer.then(
      () => true,
      () => undefined,
    );
  };
  await waitFor(ask, () => `${url} does not answer: ${running.output()}`);
}

function holdPort(wanted: number): Promise<{ port: number; release(): Promise<void> }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, LOOPBACK, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ port, release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
