// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LoadedConfig } from '../../src/cli/load-config.ts';
import { VERSION } from '../../src/cli/version.ts';
import { serveAsWorker } from '../../src/cli/workers/serve-as-worker.ts';
import type { FromWorker, ToWorker } from '../../src/cli/workers/worker-messages.ts';
import { ConfigSchema } from '../../src/config/schema.ts';
import { waitFor } from '../support/processes.ts';

/** A worker in this process, whose primary is the test. */
interface RunningWorker {
  readonly told: readonly FromWorker[];
  say(message: ToWorker): void;
  /** What it answers to the message with this id. */
  answer(id: number): Promise<FromWorker>;
  vanish(): void;
  abort(): void;
  readonly exit: Promise<number>;
}

let worker: RunningWorker;
let lines: string[] = [];

beforeEach(() => {
  lines = [];
  worker = startWorker();
});
afterEach(async () => {
  worker.abort();
  await worker.exit;
});

function startWorker(): RunningWorker {
  const [gone, stop] = [new AbortController(), new AbortController()];
  const told: FromWorker[] = [];
  const hearing: Array<(message: ToWorker) => void> = [];
  const exit = serveAsWorker(
    {
      gone: gone.signal,
      onMessage: (listener) => void hearing.push(listener),
      tell: async (message) => void told.push(message),
      leave() {},
    },
    {
      out() {},
      err: (text) => void lines.push(text),
      env: {},
      stop: stop.signal,
      onHangup: () => () => {},
    },
  );
  return {
    told,
    say(message) {
      for (const listener of hearing) listener(message);
    },
    answer: (id) =>
      waitFor(
        () => told.find((message) => 'id' in message && message.id === id),
        () => `no answer to ${id}`,
      ),
    vanish: () => gone.abort(),
    abort: () => stop.abort(),
    exit,
  };
}

function loaded(upstream: string, more = {}): LoadedConfig {
  const config = ConfigSchema.parse({
    listen: { host: '127.0.0.1', port: 0 },
    upstreams: [{ name: 'main', url: `https://${upstream}.example` }],
    shutdown: { grace: '100ms' },
    ...more,
  });
  return { config, origin: 'archeion.yaml', directory: '/' };
}

async function listening(): Promise<string> {
  worker.say({ kind: 'start', version: VERSION, worker: 3, loaded: loaded('one') });
  const message = await waitFor(
    () => worker.told.find(({ kind }) => kind === 'listening'),
    () => 'it never listened',
  );
  return 'url' in message ? message.url : '';
}

async function locationOf(url: string): Promise<string | null> {
  const answer = await fetch(`${url}/v2/a/manifests/v1`, { redirect: 'manual' });
  return answer.headers.get('location');
}

const ONE = 'https://one.example/v2/a/manifests/v1';
const TWO = 'https://two.example/v2/a/manifests/v1';

test('it says that it hears, serves what it is given, and stops when it is told', async () => {
  expect(worker.told).toEqual([{ kind: 'hello' }]);
  const url = await listening();
  expect(await locationOf(url)).toBe(ONE);
  worker.say({ kind: 'stop' });
  expect(await worker.exit).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

test('it swaps to what it prepared when all have prepared', async () => {
  const url = await listening();
  worker.say({ kind: 'prepare', id: 1, loaded: loaded('two') });
  expect(await worker.answer(1)).toEqual({ kind: 'done', id: 1, value: undefined });
  expect(await locationOf(url)).toBe(ONE);
  worker.say({ kind: 'settle', accept: true });
  await expect.poll(() => locationOf(url)).toBe(TWO);
});

test('it refuses what it cannot serve, and forgets what the others refuse', async () => {
  const url = await listening();
  const failing = [{ client: '192.0.2.1', path: '/v2/a/manifests/v1', expect: 'other' }];
  worker.say({ kind: 'prepare', id: 1, loaded: loaded('two', { tests: failing }) });
  expect(await worker.answer(1)).toMatchObject({
    kind: 'refused',
    failure: { invalid: { problems: [expect.stringContaining('not "other"')] } },
  });
  worker.say({ kind: 'prepare', id: 2, loaded: loaded('two') });
  await worker.answer(2);
  worker.say({ kind: 'settle', accept: false });
  worker.say({ kind: 'settle', accept: true });
  worker.say({ kind: 'report', id: 3, which: 'totals' });
  await worker.answer(3);
  expect(await locationOf(url)).toBe(ONE);
});

test('it reports what it counted, and explains by what it knows', async () => {
  await locationOf(await listening());
  worker.say({ kind: 'report', id: 1, which: 'all' });
  worker.say({ kind: 'explain', id: 2, target: '/v2/a/manifests/v1', address: '192.0.2.7' });
  expect(await worker.answer(1)).toMatchObject({
    value: expect.arrayContaining([
      expect.objectContaining({
        name: 'archeion_redirects_total',
        samples: [{ labels: { by: 'main', reason: 'manifest' }, value: 1 }],
      }),
    ]),
  });
  expect(await worker.answer(2)).toMatchObject({ value: { answer: { location: ONE } } });
});

test('one of another version than its primary does not serve', async () => {
  worker.say({ kind: 'start', version: '0.0.0', worker: 1, loaded: loaded('one') });
  expect(await worker.exit).toBe(1);
  expect(worker.told.at(-1)).toMatchObject({
    kind: 'failed',
    failure: { message: `this is version ${VERSION}, its primary is 0.0.0: restart that` },
  });
});

test('without a primary it stops, and says why', async () => {
  await listening();
  worker.vanish();
  expect(await worker.exit).toBe(0);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'primary-gone', worker: 3 },
  ]);
});

test('a signal ends it before it was given anything, and what comes then is not served', async () => {
  worker.abort();
  expect(await worker.exit).toBe(0);
  worker.say({ kind: 'start', version: VERSION, worker: 1, loaded: loaded('one') });
  expect(worker.told).toEqual([{ kind: 'hello' }]);
});
