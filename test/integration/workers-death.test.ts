// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type FrontProcess, isRunning, startFrontProcess } from '../support/front-process.ts';
import { stopAllProcesses, waitFor } from '../support/processes.ts';
import {
  type Client,
  openClient,
  pidsOfWorkers,
  slowUpstream,
  WORKERS_CONFIG,
} from '../support/workers.ts';

const LOCATION = '307 https://one.example';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-death-'));
});
afterEach(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

async function start(config = WORKERS_CONFIG): Promise<FrontProcess> {
  return startFrontProcess(folder, config, ['--workers', '2']);
}

function client(front: FrontProcess): Client {
  const opened = openClient(front.url);
  onTestFinished(opened.close);
  return opened;
}

async function pidOf(front: FrontProcess, worker: number, count = 2): Promise<number> {
  return (await pidsOfWorkers(front, count)).get(worker) ?? 0;
}

/** Waits until processes have ended. */
async function gone(pids: readonly number[]): Promise<void> {
  const ask = async () => ((await Promise.all(pids.map(isRunning))).includes(true) ? undefined : 1);
  await waitFor(ask, () => `one of ${pids} runs`, 5_000);
}

test('a killed worker is replaced, and only its own connections fail', async () => {
  const front = await start();
  const clients = Array.from({ length: 8 }, (_, place) => ({
    path: `/v2/client-${place}/manifests/v1`,
    ...client(front),
  }));
  for (const { pull, path } of clients) expect(await pull(path)).toBe(`${LOCATION}${path}`);
  const first = await front.logged('request', clients.length);
  const ofFirst = new Set(first.filter((line) => line['worker'] === 1).map((line) => line['path']));
  expect(ofFirst.size).toBe(4);

  let isOver = false;
  const load = clients.map(async ({ pull, path }) => {
    const failures: string[] = [];
    while (!isOver) {
      const answer = await pull(path);
      if (answer !== `${LOCATION}${path}`) failures.push(answer);
    }
    return { path, failures };
  });
  process.kill(await pidOf(front, 1), 'SIGKILL');
  expect(await front.logged('worker-died')).toMatchObject([
    { worker: 1, signal: 'SIGKILL', restartIn: 100 },
  ]);
  const replaced = await pidOf(front, 1, 3);
  isOver = true;
  const failed = (await Promise.all(load)).filter(({ failures }) => failures.length > 0);
  for (const { path, failures } of failed) {
    expect(ofFirst).toContain(path);
    // Until the primary hears of the death, a connection made anew may be handed to the dead worker as well.
    expect(failures.length).toBeLessThanOrEqual(3);
  }
  const one = client(front);
  const another = client(front);
  expect(await one.pull('/v2/later/manifests/v1')).toContain(LOCATION);
  expect(await another.pull('/v2/later/manifests/v1')).toContain(LOCATION);
  expect(await isRunning(replaced)).toBe(true);
});

test('a connection that a dying worker has not taken is closed, and its client need not wait', async () => {
  const front = await start();
  const pid = await pidOf(front, 1);
  process.kill(pid, 'SIGSTOP');
  const pulls = [client(front), client(front)].map(({ pull }) => pull('/v2/a/manifests/v1'));
  expect(await Promise.any(pulls)).toContain(LOCATION);
  process.kill(pid, 'SIGKILL');
  expect(await Promise.all(pulls)).toEqual(
    expect.arrayContaining([expect.stringContaining(LOCATION), 'ECONNRESET']),
  );
});

test('a worker that keeps dying is started later each time', async () => {
  const front = await start();
  for (let death = 0; death < 4; death += 1) {
    process.kill(await pidOf(front, 2, 2 + death), 'SIGKILL');
  }
  const deaths = await front.logged('worker-died', 4);
  expect(deaths.map((line) => line['restartIn'])).toEqual([100, 200, 400, 800]);
  const times = deaths.map((line) => Date.parse(String(line['time'])));
  expect((times[3] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(700);
});

test('a worker whose primary is killed finishes what is under way, and ends', async () => {
  const { config, asked } = await slowUpstream(1_000);
  const front = await start(config);
  const pids = [...(await pidsOfWorkers(front, 2)).values()];
  const answer = client(front).pull('/v2/a/tags/list');
  await asked;
  process.kill(front.pid, 'SIGKILL');
  expect(await answer).toBe('200 {"name":"a","tags":["v1"]}');
  await gone(pids);
  expect(await front.logged('primary-gone', 2)).toHaveLength(2);
});

test('a second signal to the primary ends all of them at once', async () => {
  const { config, asked } = await slowUpstream();
  const front = await start(config);
  const pids = [...(await pidsOfWorkers(front, 2)).values()];
  const answer = client(front).pull('/v2/a/tags/list');
  await asked;
  process.kill(front.pid, 'SIGTERM');
  await front.logged('draining');
  // Within a second it would count as the same wish.
  await sleep(1_100);
  process.kill(front.pid, 'SIGTERM');
  expect(await answer).toBe('ECONNRESET');
  await gone([front.pid, ...pids]);
  expect(await waitFor(front.exitCode, front.output)).toBe(130);
});

test('a worker that is told to stop by itself drains, and is replaced', async () => {
  const front = await start();
  process.kill(await pidOf(front, 2), 'SIGTERM');
  expect(await front.logged('worker-died')).toMatchObject([{ worker: 2, code: 0 }]);
  expect(await isRunning(await pidOf(front, 2, 3))).toBe(true);
});

test('SIGHUP, which a terminal sends to every process when it closes, ends no worker', async () => {
  const front = await start();
  const pids = [...(await pidsOfWorkers(front, 2)).values()];
  for (const pid of pids) process.kill(pid, 'SIGHUP');
  expect(await client(front).pull('/v2/a/manifests/v1')).toContain(LOCATION);
  expect(await client(front).pull('/v2/a/manifests/v1')).toContain(LOCATION);
  expect(front.output()).not.toContain('worker-died');
});
