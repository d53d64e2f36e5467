// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FakeWorker, fakeWorker } from '../../../test/support/fake-workers.ts';
import { openMetrics } from '../../metrics.ts';
import { workerReports } from './worker-reports.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Workers that answer what the test says, or nothing. */
function followed(count: number) {
  const workers = Array.from({ length: count }, (_, place) => fakeWorker(100 + place));
  const listening = new Set(workers);
  const metrics = openMetrics();
  const reports = workerReports(() => [...listening], metrics);
  for (const worker of workers) {
    reports.follow(worker);
    worker.onEnd(() => listening.delete(worker));
  }
  const silent = () => metrics.collect().map(({ samples }) => samples[0]?.value);
  return { workers, reports, listening, silent };
}

function answer(worker: FakeWorker | undefined, redirects: number, connections = 0): void {
  const metrics = openMetrics();
  metrics.counter('redirects_total', 'Redirects.').cell().value += redirects;
  metrics.gauge('connections', 'Connections.', () => [{ labels: {}, value: connections }]);
  const question = worker?.told.findLast(({ kind }) => kind === 'report');
  const { id, which } = question as { id: number; which: 'all' | 'totals' }; // it was asked
  worker?.says({ kind: 'done', id, value: metrics.collect(which) });
}

/** The value of each metric: none has labels. */
async function valuesOf(collected: ReturnType<ReturnType<typeof workerReports>['collect']>) {
  return Object.fromEntries(
    (await collected).map(({ name, samples }) => [name, samples[0]?.value]),
  );
}

test('what all workers report is put together', async () => {
  const { workers, reports, silent } = followed(2);
  const collected = reports.collect();
  answer(workers[0], 3, 10);
  answer(workers[1], 4, 20);
  expect(await valuesOf(collected)).toEqual({ redirects_total: 7, connections: 30 });
  expect(silent()).toEqual([0]);
});

test('one that does not answer in time counts with what it last had, and is counted as silent', async () => {
  const { workers, reports, silent } = followed(2);
  const first = reports.collect();
  answer(workers[0], 3, 10);
  answer(workers[1], 4, 20);
  await first;
  const second = reports.collect();
  answer(workers[0], 5, 11);
  vi.advanceTimersByTime(1_000);
  expect(await valuesOf(second)).toEqual({ redirects_total: 9, connections: 11 });
  expect(silent()).toEqual([1]);
});

test('totals of the dead stay, those of their replacements are added, and gauges go', async () => {
  const { workers, reports, listening } = followed(2);
  const noted = reports.note();
  answer(workers[0], 3);
  answer(workers[1], 4);
  await noted;
  workers[0]?.ends();
  const replacement = fakeWorker(200);
  reports.follow(replacement);
  listening.add(replacement);
  const collected = reports.collect();
  answer(workers[1], 5, 20);
  answer(replacement, 1, 2);
  expect(await valuesOf(collected)).toEqual({ redirects_total: 9, connections: 22 });
});

test('one that dies while others are still asked counts once', async () => {
  const { workers, reports, silent } = followed(2);
  const collected = reports.collect();
  answer(workers[0], 3, 10);
  await vi.advanceTimersByTimeAsync(10);
  workers[0]?.ends();
  answer(workers[1], 4, 20);
  expect(await valuesOf(collected)).toEqual({ redirects_total: 7, connections: 20 });
  expect(silent()).toEqual([0]);
});

test('one that dies before it answers counts with what it last had', async () => {
  const { workers, reports, silent } = followed(1);
  const noted = reports.note();
  answer(workers[0], 3);
  await noted;
  const collected = reports.collect();
  workers[0]?.ends();
  expect(await valuesOf(collected)).toEqual({ redirects_total: 3 });
  expect(silent()).toEqual([0]);
});
