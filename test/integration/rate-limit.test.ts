// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeUpstream, json, startFakeUpstream } from '../support/fake-upstream.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

const LIMIT = 'rateLimit: { requestsPerSecond: 1, burst: 3 }';
const TAGS = '/v2/a/tags/list';

let folder = '';
let file = '';
let upstream: FakeUpstream;
let front: RunningFront | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-rate-limit-'));
  file = join(folder, 'archeion.yaml');
  upstream = await startFakeUpstream(() => json({ name: 'a', tags: ['v1'] }));
});
afterEach(async () => {
  await front?.stop();
  front = undefined;
  await upstream.stop();
  await rm(folder, { recursive: true, force: true });
});

function write(more: string): Promise<void> {
  return writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [{ name: main, url: "${upstream.url}" }]
shutdown: { grace: 50ms }
${more}`,
  );
}

async function start(more: string): Promise<RunningFront> {
  await write(more);
  front = await startFront(['--config', file]);
  // What the first request takes longer must not refill a bucket.
  await metricsOf(front);
  return front;
}

interface Asking {
  readonly path?: string;
  readonly count?: number;
  /** What each request, by its number, says in `X-Forwarded-For`. */
  readonly forwardedFor?: (request: number) => string;
}

async function statuses({ url }: RunningFront, asking: Asking = {}): Promise<readonly number[]> {
  const { path = '/v2/a/manifests/v1', count = 5, forwardedFor } = asking;
  const found: number[] = [];
  for (let request = 0; request < count; request += 1) {
    const headers = forwardedFor && { 'x-forwarded-for': forwardedFor(request) };
    const answer = await fetch(`${url}${path}`, {
      redirect: 'manual',
      ...(headers && { headers }),
    });
    await answer.arrayBuffer();
    found.push(answer.status);
  }
  return found;
}

async function metricsOf({ adminUrl }: RunningFront): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

const LET_IN_THRICE = [307, 307, 307, 429, 429];

test('without a limit nobody is refused, and nothing counts', async () => {
  const running = await start('');
  expect(await statuses(running)).toEqual([307, 307, 307, 307, 307]);
  expect(await metricsOf(running)).not.toContain('archeion_rate');
});

test('a client that asks too often is told so, and when to come back', async () => {
  const running = await start(LIMIT);
  expect(await statuses(running)).toEqual(LET_IN_THRICE);
  const answer = await fetch(`${running.url}/v2/`);
  expect(answer.status).toBe(429);
  expect(answer.headers.get('retry-after')).toBe('1');
  const body = await answer.text();
  expect(JSON.parse(body)).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
  expect(body).toContain('requestsPerSecond');
  expect(body).not.toContain('127.0.0.1');
  expect(await metricsOf(running)).toContain('archeion_rate_limited_total 3');
});

test('the API check counts too, and a refusal asks nobody anything', async () => {
  const running = await start(LIMIT);
  expect(await statuses(running, { path: '/v2/', count: 3 })).toEqual([200, 200, 200]);
  expect(await statuses(running, { path: TAGS, count: 2 })).toEqual([429, 429]);
  expect(upstream.requests).toEqual([]);
});

test('no address is in the log', async () => {
  const running = await start(`${LIMIT}\nlog: { sample: 1 }`);
  await statuses(running);
  const lines = await running.logged('request', 5);
  expect(JSON.stringify(lines)).not.toContain('127.0.0.1');
});

describe('threat 26', () => {
  const forwardedFor = (request: number) => `198.51.100.${request}`;

  test.each([
    ['no proxy is expected', ''],
    ['the peer is no proxy of ours', 'clientAddress: { trustedProxies: [203.0.113.0/24] }'],
  ])('a made-up header does not change whose bucket it is when %s', async (_, more) => {
    const running = await start(`${LIMIT}\n${more}`);
    expect(await statuses(running, { forwardedFor })).toEqual(LET_IN_THRICE);
  });

  test('nor does it make somebody exempt', async () => {
    const running = await start(LIMIT.replace('}', ', exempt: [198.51.100.0/24] }'));
    expect(await statuses(running, { forwardedFor })).toEqual(LET_IN_THRICE);
  });

  test.each([
    ['trustedProxies: [127.0.0.0/8]', forwardedFor],
    ['trustedProxyHops: 1', (request: number) => `192.0.2.1, ${forwardedFor(request)}`],
  ])('what a proxy of ours says does: %s', async (policy, said) => {
    const running = await start(`${LIMIT}\nclientAddress: { ${policy} }`);
    expect(await statuses(running, { forwardedFor: said })).toEqual([307, 307, 307, 307, 307]);
  });

  test('what the client itself put before it does not', async () => {
    const running = await start(`${LIMIT}\nclientAddress: { trustedProxyHops: 1 }`);
    const said = (request: number) => `${forwardedFor(request)}, 192.0.2.1`;
    expect(await statuses(running, { forwardedFor: said })).toEqual(LET_IN_THRICE);
  });
});

test('clients behind a proxy that says nothing are not limited, and counted', async () => {
  const running = await start(`${LIMIT}\nclientAddress: { trustedProxyHops: 1 }`);
  expect(await statuses(running)).toEqual([307, 307, 307, 307, 307]);
  expect(await metricsOf(running)).toContain('archeion_rate_unlimited_total 5');
});

describe('a reload', () => {
  test('that does not concern the limit does not let everybody begin anew', async () => {
    const running = await start(LIMIT);
    expect(await statuses(running)).toEqual(LET_IN_THRICE);
    // The whole handler is made anew for this one.
    await write(`${LIMIT}\nprobes: { timeout: 4s }`);
    await running.logged('config-reloaded');
    expect(await statuses(running, { count: 3 })).toContain(429);
  });

  test('that changes the limit is in force at once, and so is one that takes it away', async () => {
    const running = await start(LIMIT);
    await write('rateLimit: { requestsPerSecond: 1, burst: 1 }');
    await running.logged('config-reloaded');
    expect(await statuses(running, { count: 2 })).toEqual([307, 429]);
    await write('');
    await running.logged('config-reloaded', 2);
    expect(await statuses(running)).toEqual([307, 307, 307, 307, 307]);
  });
});
