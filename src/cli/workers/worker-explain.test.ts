// SPDX-License-Identifier: Apache-2.0
import { expect, test, vi } from 'vitest';
import { fakeWorker } from '../../../test/support/fake-workers.ts';
import { explainByWorker } from './worker-explain.ts';

test('a worker that listens explains', async () => {
  const worker = fakeWorker(1);
  const explained = explainByWorker(() => [worker])('/v2/', '192.0.2.1');
  expect(worker.told).toEqual([{ kind: 'explain', id: 1, target: '/v2/', address: '192.0.2.1' }]);
  worker.says({ kind: 'done', id: 1, value: { target: '/v2/' } });
  expect(await explained).toEqual({ target: '/v2/' });
});

test('its failure is a failure here', async () => {
  const worker = fakeWorker(1);
  const explained = explainByWorker(() => [worker])('/v2/', '192.0.2.1');
  worker.says({ kind: 'refused', id: 1, failure: { message: 'out of order' } });
  await expect(explained).rejects.toThrow('out of order');
});

const SAYS_SO = { status: 503, message: 'no worker answers: try again' };

test('without a worker, or when it dies, the answer says so', async () => {
  await expect(explainByWorker(() => [])('/v2/', '')).rejects.toMatchObject(SAYS_SO);
  const worker = fakeWorker(1);
  const explained = explainByWorker(() => [worker])('/v2/', '');
  worker.ends();
  await expect(explained).rejects.toMatchObject(SAYS_SO);
  await expect(explainByWorker(() => [worker])('/v2/', '')).rejects.toMatchObject(SAYS_SO);
});

test('a worker that says nothing is not waited for longer than 10 s', async () => {
  vi.useFakeTimers();
  const explained = explainByWorker(() => [fakeWorker(1)])('/v2/', '').catch((error) => error);
  vi.advanceTimersByTime(10_000);
  expect(await explained).toMatchObject(SAYS_SO);
  vi.useRealTimers();
});
