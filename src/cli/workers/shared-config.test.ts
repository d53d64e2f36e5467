// SPDX-License-Identifier: Apache-2.0
import { expect, test, vi } from 'vitest';
import { type FakeWorker, fakeWorker } from '../../../test/support/fake-workers.ts';
import { ConfigSchema } from '../../config/schema.ts';
import type { LoadedConfig } from '../load-config.ts';
import { shareConfig } from './shared-config.ts';

function configFor(upstream: string, more = {}): LoadedConfig {
  const upstreams = [{ name: 'main', url: `https://${upstream}.example` }];
  return {
    config: ConfigSchema.parse({ upstreams, ...more }),
    origin: 'archeion.yaml',
    directory: '/',
  };
}

const [ONE, TWO] = [configFor('one'), configFor('two')];

async function shared(count: number) {
  const config = shareConfig(ONE);
  const workers = Array.from({ length: count }, (_, place) => fakeWorker(100 + place));
  for (const [place, worker] of workers.entries()) config.give(place + 1, worker);
  await vi.waitFor(() => expect(workers.at(-1)?.told).toHaveLength(1));
  return { config, workers };
}

/** What a worker was told after its start. */
const later = ({ told }: FakeWorker) => told.slice(1);

const prepares = (id: number, loaded: LoadedConfig) => ({ kind: 'prepare', id, loaded });

test('a process is given what is in force, and who it is', async () => {
  const { workers } = await shared(2);
  expect(workers.map(({ told }) => told)).toMatchObject([
    [{ kind: 'start', worker: 1, loaded: ONE }],
    [{ kind: 'start', worker: 2, loaded: ONE }],
  ]);
});

test('a process that ended before its turn is given nothing', async () => {
  const config = shareConfig(ONE);
  const [dead, alive] = [fakeWorker(1), fakeWorker(2)];
  config.give(1, dead);
  dead.ends();
  config.give(2, alive);
  await vi.waitFor(() => expect(alive.told).toHaveLength(1));
  expect(dead.told).toEqual([]);
});

test('all workers swap when all have prepared, and not before', async () => {
  const { config, workers } = await shared(2);
  const replaced = config.replace(TWO);
  await vi.waitFor(() =>
    expect(workers.map(later)).toEqual([[prepares(1, TWO)], [prepares(1, TWO)]]),
  );
  workers[0]?.says({ kind: 'done', id: 1, value: undefined });
  await Promise.resolve();
  expect(config.current()).toBe(ONE);
  workers[1]?.says({ kind: 'done', id: 1, value: undefined });
  await replaced;
  expect(config.current()).toBe(TWO);
  for (const worker of workers) expect(later(worker)[1]).toEqual({ kind: 'settle', accept: true });
});

test('when one refuses none swaps, and each problem is named once', async () => {
  const { config, workers } = await shared(3);
  const replaced = config.replace(TWO);
  await vi.waitFor(() => expect(later(workers[2] ?? fakeWorker(0))).toHaveLength(1));
  const invalid = { origin: 'archeion.yaml', problems: ['tests.0: no', 'tests.1: no'] };
  workers[0]?.says({ kind: 'done', id: 1, value: undefined });
  workers[1]?.says({ kind: 'refused', id: 1, failure: { message: 'no', invalid } });
  workers[2]?.says({ kind: 'refused', id: 1, failure: { message: 'tests.0: no' } });
  await expect(replaced).rejects.toMatchObject({
    name: 'ConfigError',
    problems: ['tests.0: no', 'tests.1: no'],
  });
  expect(config.current()).toBe(ONE);
  for (const worker of workers) expect(later(worker)[1]).toEqual({ kind: 'settle', accept: false });
});

test('a worker that ends meanwhile has nothing against it; its replacement begins with what is decided', async () => {
  const { config, workers } = await shared(2);
  const replaced = config.replace(TWO);
  await vi.waitFor(() => expect(later(workers[1] ?? fakeWorker(0))).toHaveLength(1));
  workers[0]?.ends();
  const replacement = fakeWorker(200);
  config.give(1, replacement);
  await Promise.resolve();
  expect(replacement.told).toEqual([]);
  workers[1]?.says({ kind: 'done', id: 1, value: undefined });
  await replaced;
  await vi.waitFor(() => expect(replacement.told).toMatchObject([{ kind: 'start', loaded: TWO }]));
});

test('what takes a restart is refused before any worker is asked', async () => {
  const { config, workers } = await shared(1);
  const next = configFor('two', { workers: 3, listen: { port: 1 } });
  await expect(config.replace(next)).rejects.toMatchObject({
    problems: [
      expect.stringMatching(/^listen: takes a restart/),
      expect.stringMatching(/^workers:/),
    ],
  });
  expect(workers.map(later)).toEqual([[]]);
});
