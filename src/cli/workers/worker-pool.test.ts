// SPDX-License-Identifier: Apache-2.0
import { assert, expect, test } from 'vitest';
import { type FakeWorker, fakeTime, fakeWorker } from '../../../test/support/fake-workers.ts';
import { ConfigError } from '../../config/config-error.ts';
import { openLog } from '../../log.ts';
import { workerPool } from './worker-pool.ts';

const URL_OF_FRONT = 'http://127.0.0.1:1';

function start(size: number, forkFails = () => false) {
  const [workers, lines]: [FakeWorker[], string[]] = [[], []];
  const configured: number[] = [];
  const time = fakeTime();
  let deaths = 0;
  const pool = workerPool(size, {
    fork() {
      assert(!forkFails(), 'spawn ENOMEM');
      const worker = fakeWorker(100 + workers.length);
      workers.push(worker);
      return worker;
    },
    configure: (worker) => void configured.push(worker),
    died: () => (deaths += 1),
    now: time.now,
    later: time.later,
    log: openLog('info', (line) => lines.push(line)),
  });
  const url = pool.start();
  const logged = (event: string) =>
    lines.map((line) => JSON.parse(line)).filter((line) => line.event === event);
  const listens = (place: number) => workers[place]?.says({ kind: 'listening', url: URL_OF_FRONT });
  return { pool, url, workers, configured, time, logged, listens, deaths: () => deaths };
}

async function started(size: number, forkFails = () => false) {
  const running = start(size, forkFails);
  for (let place = 0; place < size; place += 1) running.listens(place);
  expect(await running.url).toBe(URL_OF_FRONT);
  return running;
}

const pidsOf = (workers: readonly { readonly pid: number | undefined }[]) =>
  workers.map(({ pid }) => pid);

test('a worker that hears is configured by its number', () => {
  const { workers, configured } = start(2);
  workers[1]?.says({ kind: 'hello' });
  workers[0]?.says({ kind: 'hello' });
  expect(configured).toEqual([2, 1]);
});

test('it has started when all workers listen', async () => {
  const { pool, url, listens, logged } = start(2);
  let hasStarted = false;
  void url.then(() => (hasStarted = true));
  listens(0);
  await Promise.resolve();
  expect([hasStarted, pidsOf(pool.listening())]).toEqual([false, [100]]);
  listens(1);
  expect(await url).toBe(URL_OF_FRONT);
  expect(pidsOf(pool.listening())).toEqual([100, 101]);
  expect(logged('worker-started')).toMatchObject([
    { worker: 1, pid: 100 },
    { worker: 2, pid: 101 },
  ]);
});

test('a worker that cannot start fails the start with its reason, and no other one stays', async () => {
  const { url, workers, listens } = start(2);
  const invalid = { origin: 'archeion.yaml', problems: ['tests.0: no', 'tests.1: no'] };
  listens(0);
  workers[1]?.says({ kind: 'failed', failure: { message: 'no', invalid } });
  workers[1]?.ends({ code: 1 });
  const error = await url.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject(invalid);
  expect(workers).toHaveLength(2);
});

test.each([
  [{ code: 9 }, 'worker 1 ended with exit code 9 before it listened'],
  [{ signal: 'SIGKILL' }, 'worker 1 ended with signal SIGKILL before it listened'],
])('a worker that ends with %j at the start says how', async (end, message) => {
  const { url, workers } = start(1);
  workers[0]?.ends(end);
  await expect(url).rejects.toThrow(message);
});

test('a worker that dies is replaced, later each time', async () => {
  const { pool, workers, time, logged, listens, deaths } = await started(2);
  workers[0]?.ends({ signal: 'SIGKILL' });
  expect(pidsOf(pool.listening())).toEqual([101]);
  time.pass(99);
  expect(workers).toHaveLength(2);
  time.pass(1);
  expect(workers).toHaveLength(3);
  workers[2]?.says({ kind: 'failed', failure: { message: 'no port' } });
  workers[2]?.ends({ code: 1 });
  time.pass(199);
  expect(workers).toHaveLength(3);
  time.pass(1);
  listens(3);
  expect(pidsOf(pool.listening())).toEqual([103, 101]);
  expect(deaths()).toBe(2);
  expect(logged('worker-died')).toEqual([
    expect.objectContaining({ worker: 1, pid: 100, signal: 'SIGKILL', restartIn: 100 }),
    expect.objectContaining({ worker: 1, pid: 102, code: 1, reason: 'no port', restartIn: 200 }),
  ]);
});

test('a worker that the system does not start is tried again', async () => {
  let isShort = false;
  const { workers, time, logged } = await started(1, () => isShort);
  isShort = true;
  workers[0]?.ends({ code: 7 });
  time.pass(100);
  isShort = false;
  time.pass(200);
  expect(workers).toHaveLength(2);
  expect(logged('worker-died')).toMatchObject([{ pid: 100 }, { reason: 'spawn ENOMEM' }]);
});

test('when the system starts none, that is the reason', async () => {
  const { url } = start(1, () => true);
  await expect(url).rejects.toThrow('spawn ENOMEM');
});

test('a worker that lived long is replaced without a wait', async () => {
  const { workers, time, logged } = await started(1);
  time.pass(60_000);
  workers[0]?.ends({ code: 7 });
  time.pass(0);
  expect(workers).toHaveLength(2);
  expect(logged('worker-died')).toMatchObject([{ code: 7, restartIn: 0 }]);
});

test('a stop tells every worker, waits for their ends, and nobody is replaced', async () => {
  const { pool, workers, time, deaths } = await started(3);
  workers[2]?.ends({ code: 1 });
  const stopped = pool.stop(1_000);
  expect(workers.map(({ told }) => told)).toEqual([[{ kind: 'stop' }], [{ kind: 'stop' }], []]);
  for (const worker of workers.slice(0, 2)) worker.ends({ code: 0 });
  await stopped;
  time.pass(60_000);
  expect([workers.length, deaths()]).toEqual([3, 1]);
});

test('a stop ends a worker at once that does not listen yet', async () => {
  const { pool, workers, time, listens } = await started(2);
  workers[0]?.ends();
  time.pass(100);
  const stopped = pool.stop(1_000);
  workers[1]?.ends();
  await stopped;
  expect(workers[2]?.told).toEqual([]);
  listens(2);
  expect(workers).toHaveLength(3);
});

test('workers that do not stop in time are killed', async () => {
  const { pool, time } = await started(2);
  const stopped = pool.stop(1_000);
  time.pass(1_000);
  await expect(stopped).resolves.toBeUndefined();
});
