// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning, spawnFront, startFrontProcess } from '../support/front-process.ts';
import { startProcess, stopAllProcesses, waitFor, waitForOutput } from '../support/processes.ts';
import { startFront } from '../support/running-command.ts';
import { WORKERS_CONFIG } from '../support/workers.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-workers-'));
});
afterEach(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

/** On a connection of its own. */
async function pull(url: string): Promise<string | null> {
  const headers = { connection: 'close' };
  const answer = await fetch(`${url}/v2/a/manifests/v1`, { redirect: 'manual', headers });
  await answer.body?.cancel();
  return answer.headers.get('location');
}

test('connections go to the workers in turn, and each says which it is', async () => {
  const front = await startFrontProcess(folder, WORKERS_CONFIG, ['--workers', '2']);
  for (let round = 0; round < 4; round += 1) {
    expect(await pull(front.url)).toBe('https://one.example/v2/a/manifests/v1');
  }
  const requests = await front.logged('request', 4);
  expect(requests.map((line) => line['worker']).sort()).toEqual([1, 1, 2, 2]);
});

test('a primary is a command like any other', async () => {
  const file = join(folder, 'archeion.yaml');
  await writeFile(file, WORKERS_CONFIG.replace('sample: 1', 'sample: 0'));
  const front = await startFront(['--config', file, '--workers', '2']);
  expect(await pull(front.url)).toBe('https://one.example/v2/a/manifests/v1');
  front.hangUp();
  await front.logged('config-reloaded');
  const metrics = await (await fetch(`${front.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/^archeion_workers 2$/m);
  expect(await front.stop()).toBe(0);
  await expect(fetch(front.url)).rejects.toThrow();
});

test('the configuration may say how many, and all of them end with the primary', async () => {
  const front = await startFrontProcess(folder, `${WORKERS_CONFIG}workers: 3\n`);
  const pids = (await front.logged('worker-started')).map((line) => Number(line['pid']));
  expect(new Set([front.pid, ...pids]).size).toBe(4);
  process.kill(front.pid, 'SIGTERM');
  expect(await waitFor(front.exitCode, front.output)).toBe(0);
  expect(await Promise.all(pids.map(isRunning))).toEqual([false, false, false]);
  expect(front.output()).not.toContain('worker-died');
});

test('Ctrl-C, which reaches every process, ends them cleanly', async () => {
  const front = await startFrontProcess(folder, WORKERS_CONFIG, ['--workers', '2']);
  expect(await front.stop('SIGINT')).toBe(0);
  expect(front.output()).not.toContain('worker-died');
});

test.each([
  ['the port of the front', 'listen: { host: 127.0.0.1, port: 0 }', 'front'],
  ['the port of the admin listener', 'admin: { port: 0 }', 'admin'],
])('when %s is taken, it says so once and ends with 1', async (_, line, name) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const text = WORKERS_CONFIG.replace(line, line.replace('port: 0', `port: ${port}`));
  const front = await spawnFront(folder, text, ['--workers', '2']);
  expect(await waitFor(front.exitCode, front.output)).toBe(1);
  expect(front.output().match(/cannot listen on .*/g)).toEqual([
    expect.stringContaining(`cannot listen on "127.0.0.1:${port}" for "${name}"`),
  ]);
  taken.close();
});

test('a configuration that fails a test of its own starts nothing, and ends with 2', async () => {
  const route = '{ client: 192.0.2.1, path: /v2/a/manifests/v1, expect: other }';
  const front = await spawnFront(folder, `${WORKERS_CONFIG}tests: [${route}]\n`, [
    '--workers',
    '2',
  ]);
  expect(await waitFor(front.exitCode, front.output)).toBe(2);
  expect(front.output().match(/gets "main", not "other"/g)).toHaveLength(1);
});

test.each(['0', '65', 'all'])('%s is no number of workers', async (count) => {
  const front = await spawnFront(folder, WORKERS_CONFIG, ['--workers', count]);
  expect(await waitFor(front.exitCode, front.output)).toBe(2);
  expect(front.output()).toContain('expected a number from 1 to 64');
});

test('a connection beyond the room of all workers is closed', async () => {
  const program = join(import.meta.dirname, '../support/start-two-workers.ts');
  const workers = startProcess(process.execPath, [program]);
  const [, port] = await waitForOutput(workers, /^(\d+)\n\d+\n/);
  const sockets = Array.from({ length: 7 }, () => connect(Number(port), '127.0.0.1'));
  let closed = 0;
  for (const socket of sockets) socket.on('close', () => (closed += 1)).on('error', () => {});
  await waitFor(
    () => (closed === 3 ? true : undefined),
    () => `${closed} closed`,
  );
  for (const socket of sockets) socket.destroy();
});
