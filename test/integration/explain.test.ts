// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { type RunningServer, startServer } from '../../src/http/node-server.ts';
import { silentLog } from '../../src/log.ts';
import type { Explanation } from '../../src/redirector/explain.ts';
import { bucketHandler } from '../../src/registry/bucket-handler.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const ABSENT = `sha256:${'cd'.repeat(32)}`;
const DUBLIN = '192.0.2.7';

let folder = '';
let file = '';
let backend: RunningServer;
let front: RunningFront;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-explain-'));
  file = join(folder, 'archeion.yaml');
  const storage = memoryDriver();
  await storage.write(`containers/images/${DIGEST}`, 'hello');
  const handler = bucketHandler(storage);
  backend = await startServer({ name: 'b', host: '127.0.0.1', port: 0, handler, log: silentLog });
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
clientAddress: { trustedProxyHops: 1 }
upstreams: [{ name: main, url: https://main.example }]
backends:
  - { name: dublin, url: "${backend.url}", at: { cloud: aws, region: eu-west-1 } }
  - { name: closed, url: "${backend.url}", drain: true }
routing:
  - { client: { cloud: gcp }, blobs: [upstream] }
  - { client: { cloud: aws }, blobs: [closed, same-region] }
cloudRanges:
  static:
    - { prefix: 192.0.0.0/16, cloud: gcp, region: us-central1 }
    - { prefix: 192.0.2.0/24, cloud: aws, region: eu-west-1 }
`,
  );
  front = await startFront(['--config', file]);
});
afterAll(async () => {
  await front.stop();
  await backend.close();
  await rm(folder, { recursive: true, force: true });
});

async function explained(path: string, address = DUBLIN): Promise<Explanation> {
  const query = new URLSearchParams({ path, address });
  const answer = await fetch(`${front.adminUrl}/explain?${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Explanation;
}

describe('explaining', () => {
  test('names prefix, feed, rule, candidates and what they said', async () => {
    const explanation = await explained(`/v2/a/blobs/${DIGEST}`);
    expect(explanation).toMatchObject({
      route: { kind: 'blob', repository: 'a', digest: DIGEST },
      client: {
        address: DUBLIN,
        location: { cloud: 'aws', region: 'eu-west-1' },
        prefix: '192.0.2.0/24',
        feed: 'static',
      },
      rule: 1,
      candidates: [
        { holder: 'closed', state: 'drained', knowledge: 'absent' },
        { holder: 'dublin', state: 'well', knowledge: 'unknown' },
      ],
      asked: { holders: ['dublin'], held: 'dublin' },
      answer: { status: 307, by: 'dublin', reason: 'held' },
    });
  });

  test('says what the front has learnt by now, and serves what it says', async () => {
    await explained(`/v2/a/blobs/${DIGEST}`);
    const explanation = await explained(`/v2/a/blobs/${DIGEST}`);
    expect(explanation.candidates[1]).toMatchObject({ knowledge: 'held' });
    const answer = await fetch(`${front.url}/v2/a/blobs/${DIGEST}`, {
      headers: { 'x-forwarded-for': DUBLIN },
      redirect: 'manual',
    });
    expect(answer.headers.get('location')).toBe(explanation.answer.location);
  });

  test.each([
    { path: `/v2/a/blobs/${ABSENT}`, address: DUBLIN, answer: { by: 'main', reason: 'not-held' } },
    {
      path: `/v2/a/blobs/${DIGEST}`,
      address: '192.0.9.9',
      answer: { by: 'main', reason: 'no-backend' },
    },
    {
      path: '/v2/a/manifests/v1',
      address: '203.0.113.1',
      answer: { by: 'main', reason: 'manifest' },
    },
    { path: '/v2/a/tags/list', address: 'nonsense', answer: { status: 200, by: 'main' } },
    { path: '/v2/', address: DUBLIN, answer: { status: 200 } },
    { path: '/v2/A/manifests/v1', address: DUBLIN, answer: { status: 400 } },
    { path: '*', address: DUBLIN, answer: { status: 400 } },
  ])('$path for $address', async ({ path, address, answer }) => {
    expect((await explained(path, address)).answer).toMatchObject(answer);
  });

  test.each([
    ['/explain', 400],
    ['/explain?path=/v2/', 400],
    ['/explained', 404],
  ])('%s is %d', async (path, status) => {
    expect((await fetch(front.adminUrl + path)).status).toBe(status);
  });
});

test('the command says the same without a running front', async () => {
  let out = '';
  const io = {
    out: (text: string) => (out += text),
    err: () => {},
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  };
  const line = ['explain', `/v2/a/blobs/${DIGEST}`, '--client-address', DUBLIN, '--config', file];
  expect(await dispatch(line, io)).toBe(0);
  expect(out).toContain('aws/eu-west-1 by 192.0.2.0/24 of static');
  expect(out).toContain('dublin holds it');
  out = '';
  expect(await dispatch([...line, '--json'], io)).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ answer: { by: 'dublin' } });
  expect(await dispatch(['explain', '/v2/', '--config', file], io)).toBe(2);
});
