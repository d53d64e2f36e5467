// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FAULTS, type FaultServer, faultServer } from '../support/fault-server.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

const BLOB = 'what the client wants';
const DIGEST = `sha256:${createHash('sha256').update(BLOB).digest('hex')}`;
/** Milliseconds, as the configuration of the front says. */
const NEGATIVE_LIFETIME = 2_000;
const PATH = `/v2/a/blobs/${DIGEST}`;

let folder = '';
const opened: Array<{ close(): Promise<unknown> }> = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-faults-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});

async function open(answer: Parameters<typeof faultServer>[0]): Promise<FaultServer> {
  const server = await faultServer(answer);
  opened.push(server);
  return server;
}

function upstream(): Promise<FaultServer> {
  return open((_, response) => response.writeHead(200).end(BLOB));
}

interface Given {
  /** Whether the blob is the canary of every backend. */
  readonly canary?: boolean;
  readonly more?: string;
}

async function frontBefore(
  backends: readonly FaultServer[],
  { canary = false, more = '' }: Given = {},
): Promise<RunningFront> {
  const file = join(folder, 'archeion.yaml');
  const { url } = await upstream();
  const names = backends.map((_, place) => `b${place}`);
  const bird = canary ? `, canary: "${DIGEST}"` : '';
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [{ name: main, url: "${url}" }]
backends: [${backends.map((backend, place) => `{ name: b${place}, url: "${backend.url}"${bird} }`).join()}]
routing: [{ blobs: [${names.join()}] }]
probes: { deadline: 300ms, timeout: 2s, maxConcurrent: 2000 }
existence: { absentFor: 2s }
shutdown: { grace: 50ms }
log: { sample: 0 }
${more}`,
  );
  const front = await startFront(['--config', file]);
  opened.push({ close: () => front.stop() });
  return front;
}

async function pull({ url }: RunningFront): Promise<{ text: string; from: string }> {
  const answer = await fetch(`${url}${PATH}`);
  return { text: await answer.text(), from: new URL(answer.url).origin };
}

describe('a pull still works when the backend', () => {
  test.each(Object.keys(FAULTS))('%s', async (name) => {
    const backend = await open((_, response) => FAULTS[name]?.(response));
    const front = await frontBefore([backend]);
    const { text, from } = await pull(front);
    expect(text).toBe(BLOB);
    expect(from).not.toBe(backend.url);
    expect(backend.asked).toEqual([`HEAD /containers/images/${DIGEST}`]);
  });

  test('is not there at all', async () => {
    const backend = await open(() => {});
    const front = await frontBefore([backend]);
    await backend.close();
    expect((await pull(front)).text).toBe(BLOB);
  });

  test('is down, and another one holds it', async () => {
    const down = await open((_, response) => response.writeHead(503).end());
    const up = await open((_, response) => response.writeHead(200).end(BLOB));
    expect(await pull(await frontBefore([down, up]))).toEqual({ text: BLOB, from: up.url });
  });
});

describe('origin load', () => {
  async function manyPulls({ url }: RunningFront, clients: number): Promise<void> {
    const agent = new Agent({ connections: clients });
    const answers = Array.from({ length: clients }, () =>
      request(`${url}${PATH}`, { dispatcher: agent }),
    );
    for (const answer of await Promise.all(answers)) {
      expect(answer.statusCode).toBe(307);
      await answer.body.dump();
    }
    await agent.close();
  }

  test('50 cold clients of one blob cost one probe', async () => {
    const backend = await open((_, response) => {
      setTimeout(() => response.writeHead(200, { 'content-length': 21 }).end(), 100);
    });
    await manyPulls(await frontBefore([backend]), 50);
    expect(backend.asked).toHaveLength(1);
  });

  test('threat 19: a missing blob under 1,000 clients costs one probe per lifetime', async () => {
    const backend = await open((_, response) => response.writeHead(404).end());
    const front = await frontBefore([backend]);
    const began = performance.now();
    await manyPulls(front, 1_000);
    await manyPulls(front, 50);
    const probes = backend.asked.length;
    const lifetimes = 1 + Math.floor((performance.now() - began) / NEGATIVE_LIFETIME);
    expect(probes).toBeGreaterThan(0);
    expect(probes).toBeLessThanOrEqual(lifetimes);
    await sleep(NEGATIVE_LIFETIME);
    await manyPulls(front, 50);
    expect(backend.asked).toHaveLength(probes + 1);
  });
});

test('an upstream that is down is passed over for the next one, also for tags', async () => {
  const down = await open((_, response) => response.writeHead(503).end());
  const up = await open((_, response) => response.writeHead(200).end('{}'));
  const file = join(folder, 'archeion.yaml');
  const upstreams = [down, up].map(
    ({ url }, place) => `{ name: u${place}, url: "${url}", canary: "a:v1" }`,
  );
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [${upstreams.join()}]
health: { interval: 20ms, ejectAfter: 2 }
shutdown: { grace: 50ms }`,
  );
  const front = await startFront(['--config', file]);
  opened.push({ close: () => front.stop() });
  await front.logged('backend-state');
  const answer = await fetch(`${front.url}/v2/a/manifests/v1`, { redirect: 'manual' });
  expect(answer.headers.get('location')).toBe(`${up.url}/v2/a/manifests/v1`);
});

test('a backend whose canary fails is ejected before a client is sent there, and comes back', async () => {
  let isWell = false;
  const backend = await open((_, response) => response.writeHead(isWell ? 200 : 500).end(BLOB));
  const more = 'health: { interval: 20ms, ejectAfter: 2, returnAfter: 2 }';
  const front = await frontBefore([backend], { canary: true, more });
  await front.logged('backend-state');
  expect((await pull(front)).from).not.toBe(backend.url);
  isWell = true;
  await front.logged('backend-state', 2);
  expect((await pull(front)).from).toBe(backend.url);
});
