// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type FrontProcess, startFrontProcess } from '../support/front-process.ts';
import { stopAllProcesses, waitFor } from '../support/processes.ts';
import { openClient, pidsOfWorkers, slowUpstream, WORKERS_CONFIG } from '../support/workers.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-workers-admin-'));
});
afterEach(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

async function start(config = WORKERS_CONFIG): Promise<FrontProcess> {
  return startFrontProcess(folder, config, ['--workers', '2']);
}

/** Each on a connection of its own, so by one worker and the other in turn. */
async function pull(front: FrontProcess, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const client = openClient(front.url);
    expect(await client.pull('/v2/a/manifests/v1')).toMatch(/^307 /);
    client.close();
  }
}

async function scrape({ adminUrl }: FrontProcess): Promise<(series: string) => number> {
  const lines = (await (await fetch(`${adminUrl}/metrics`)).text()).split('\n');
  return (series) => {
    const found = lines.filter((line) => line.startsWith(`${series} `));
    expect(found).toHaveLength(1);
    return Number(found[0]?.slice(series.length));
  };
}

async function readiness({ adminUrl }: FrontProcess) {
  const answer = await fetch(`${adminUrl}/readyz?verbose`);
  return { status: answer.status, body: await answer.json() };
}

async function kill(front: FrontProcess, worker: number): Promise<void> {
  process.kill((await pidsOfWorkers(front, 2)).get(worker) ?? 0, 'SIGKILL');
}

const ANSWERED = 'archeion_http_answers_total{server="front",status="307"}';
const REDIRECTED = 'archeion_redirects_total{by="main",reason="manifest"}';

test('metrics are those of all processes together', async () => {
  const front = await start();
  await pull(front, 6);
  const value = await scrape(front);
  expect([value(ANSWERED), value(REDIRECTED)]).toEqual([6, 6]);
  expect([value('archeion_workers'), value('archeion_worker_deaths_total')]).toEqual([2, 0]);
  expect(value('archeion_workers_silent')).toBe(0);
  expect(value('archeion_cloud_ranges_entries{feed="static"}')).toBe(0);
  expect(Math.abs(value('process_start_time_seconds') - Date.now() / 1_000)).toBeLessThan(60);
  // Three processes of some 50 MB each.
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(100e6);
  expect(value('nodejs_eventloop_lag_seconds{quantile="1"}')).toBeGreaterThanOrEqual(0);
});

test('what a killed worker had reported stays counted', async () => {
  const front = await start();
  await pull(front, 6);
  expect((await scrape(front))(ANSWERED)).toBe(6);
  await kill(front, 1);
  await front.logged('worker-died');
  const between = await scrape(front);
  expect([between(ANSWERED), between('archeion_worker_deaths_total')]).toEqual([6, 1]);
  await pidsOfWorkers(front, 3);
  await pull(front, 4);
  const after = await scrape(front);
  expect([after(ANSWERED), after(REDIRECTED), after('archeion_workers')]).toEqual([10, 10, 2]);
});

test('without a scrape, totals are noted every few seconds', async () => {
  const front = await start();
  await pull(front, 6);
  await new Promise((resolve) => setTimeout(resolve, 5_500));
  await kill(front, 1);
  await front.logged('worker-died');
  expect((await scrape(front))(ANSWERED)).toBe(6);
});

test('a worker that hangs delays a scrape by a second, and what it had counted stays', async () => {
  const front = await start();
  await pull(front, 6);
  expect((await scrape(front))(ANSWERED)).toBe(6);
  const pid = (await pidsOfWorkers(front, 2)).get(1) ?? 0;
  process.kill(pid, 'SIGSTOP');
  const before = performance.now();
  const value = await scrape(front);
  expect(performance.now() - before).toBeLessThan(3_000);
  expect([value(ANSWERED), value('archeion_workers_silent')]).toEqual([6, 1]);
  process.kill(pid, 'SIGCONT');
  expect((await scrape(front))('archeion_workers_silent')).toBe(0);
});

test('it is ready as long as one worker listens, and says how many are missing', async () => {
  const front = await start();
  expect(await readiness(front)).toEqual({ status: 200, body: { ready: true, problems: [] } });
  await kill(front, 1);
  await front.logged('worker-died', 1);
  expect(await readiness(front)).toEqual({
    status: 200,
    body: { ready: true, problems: ['1 of 2 workers missing'] },
  });
});

test('it is not ready when no worker listens, and is again when one does', async () => {
  const front = await start();
  for (const pid of (await pidsOfWorkers(front, 2)).values()) process.kill(pid, 'SIGKILL');
  await front.logged('worker-died', 2);
  expect(await readiness(front)).toEqual({
    status: 503,
    body: { ready: false, problems: ['2 of 2 workers missing'] },
  });
  await pidsOfWorkers(front, 4);
  expect(await readiness(front)).toEqual({ status: 200, body: { ready: true, problems: [] } });
});

test('while it drains it is alive, not ready, and still scraped', async () => {
  const { config, asked } = await slowUpstream(1_500);
  const front = await start(config);
  const client = openClient(front.url);
  onTestFinished(client.close);
  const answer = client.pull('/v2/a/tags/list');
  await asked;
  process.kill(front.pid, 'SIGTERM');
  await front.logged('draining');
  expect(await readiness(front)).toMatchObject({ status: 503, body: { problems: ['draining'] } });
  expect((await fetch(`${front.adminUrl}/livez`)).status).toBe(200);
  expect((await scrape(front))('archeion_http_connections{server="front"}')).toBe(1);
  expect(await answer).toBe('200 {"name":"a","tags":["v1"]}');
  expect(await waitFor(front.exitCode, front.output)).toBe(0);
});

test('a worker explains where a pull would go', async () => {
  const front = await start();
  const query = new URLSearchParams({ path: '/v2/a/manifests/v1', address: '192.0.2.7' });
  const answer = await fetch(`${front.adminUrl}/explain?${query}`);
  expect(await answer.json()).toMatchObject({
    target: '/v2/a/manifests/v1',
    client: { address: '192.0.2.7' },
    answer: { status: 307, location: 'https://one.example/v2/a/manifests/v1', by: 'main' },
  });
  expect((await fetch(`${front.adminUrl}/explain`)).status).toBe(400);
  expect((await fetch(`${front.adminUrl}/else`)).status).toBe(404);
});
