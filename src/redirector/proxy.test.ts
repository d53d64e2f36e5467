// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { sha256Of } from '../../test/support/image-documents.ts';
import type { ProxyDelivery } from '../core/routing/route-plan.ts';
import { silentLog } from '../log.ts';
import { openMetrics } from '../metrics.ts';
import type { HttpRequest } from '../protocol/http.ts';
import type { UpstreamClient } from '../upstream/upstream-client.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { proxying } from './proxy.ts';

const BLOB = Buffer.from('blob');
const WANTED: ProxyDelivery = {
  kind: 'proxy',
  from: 'https://main.example/v2/a/blobs/x',
  by: 'main',
  reason: 'no-backend',
  content: { kind: 'blob', digest: sha256Of(BLOB) },
};

function request(signal = new AbortController().signal): HttpRequest {
  const body = (async function* () {})();
  return { method: 'GET', target: '', header: () => undefined, peer: '192.0.2.1', body, signal };
}

function proxyOf(stream: UpstreamClient['stream'], maxConcurrent = 4) {
  const client = { stream } as UpstreamClient; // nothing else of it is asked for
  const outcomes = openMetrics().counter('x', 'x', ['by', 'outcome']);
  const minutes: Array<() => void> = [];
  const everyMinute = (work: () => void) => {
    minutes.push(work);
    return () => {};
  };
  const ports = { clientOf: async () => client, outcomes, everyMinute, log: silentLog };
  const count = (outcome: string) => outcomes.cell('main', outcome).value;
  /** Lets a minute go by. */
  const tick = () => {
    for (const work of minutes) work();
  };
  return { ...proxying(ports, { maxConcurrent }), count, tick };
}

const sendsBlob: UpstreamClient['stream'] = async () => ({
  status: 200,
  header: () => undefined,
  body: (async function* () {
    yield BLOB;
  })(),
});

test('a fetch is under way until the last of its body was taken', async () => {
  const { fetch, underWay, idle } = proxyOf(sendsBlob);
  const { answer } = await fetch(WANTED, request());
  let isIdle = false;
  const waiting = idle().then(() => (isIdle = true));
  await Promise.resolve();
  expect([underWay(), isIdle]).toEqual([1, false]);
  for await (const piece of answer.body as AsyncIterable<Uint8Array>) expect(piece).toEqual(BLOB);
  await waiting;
  expect([underWay(), isIdle]).toEqual([0, true]);
});

test('what failed or is absent is not under way any more', async () => {
  const failing = proxyOf(() => Promise.reject(new UpstreamError('timeout', 'slow')));
  expect((await failing.fetch(WANTED, request())).answer.status).toBe(504);
  expect([failing.underWay(), failing.count('timeout')]).toEqual([0, 1]);
  const lacking = proxyOf(async () => undefined);
  await expect(lacking.fetch(WANTED, request())).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
  expect([lacking.underWay(), lacking.count('absent')]).toEqual([0, 1]);
  await lacking.idle();
});

test('a client that went away is no failure of the upstream', async () => {
  const gone = new AbortController();
  const proxy = proxyOf(async () => {
    gone.abort();
    throw new UpstreamError('aborted', 'gave up');
  });
  await expect(proxy.fetch(WANTED, request(gone.signal))).rejects.toMatchObject({
    code: 'aborted',
  });
  expect([proxy.underWay(), proxy.count('aborted')]).toEqual([0, 0]);
});

test('whoever comes when too many are under way is told to come back', async () => {
  const { fetch, count } = proxyOf(sendsBlob, 1);
  await fetch(WANTED, request());
  expect((await fetch(WANTED, request())).answer).toMatchObject({ status: 503 });
  expect(count('busy')).toBe(1);
});

test('threat 32: a client that takes nothing for a minute loses its place', async () => {
  const { fetch, underWay, tick } = proxyOf(sendsBlob);
  const { answer } = await fetch(WANTED, request());
  tick();
  expect(underWay()).toBe(1);
  tick();
  expect(underWay()).toBe(0);
  expect(answer.status).toBe(200);
});
