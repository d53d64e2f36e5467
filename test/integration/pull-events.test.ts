// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '../support/image-documents.ts';
import { digestOfPair, type IndexBucket, startIndexBucket } from '../support/index-bucket.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

const HELD = digestOfPair('aa');
const CLIENT = '192.0.2.77';

let folder = '';
let bucket: IndexBucket;
let front: RunningFront;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-pulls-'));
  bucket = await startIndexBucket();
  bucket.publish({ digests: [HELD] });
});
afterEach(async () => {
  await front?.stop();
  await bucket.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(
  more = 'pullEvents: { to: pulls.jsonl }',
  rule = 'blobs: [dublin]',
): Promise<void> {
  const file = join(folder, 'archeion.yaml');
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
clientAddress: { trustedProxyHops: 1 }
upstreams: [{ name: main, url: "${bucket.url}", leadsTo: [storage.example] }]
backends: [{ name: dublin, url: "${bucket.url}", index: true }]
routing: [{ client: { cloud: aws }, ${rule} }]
indexes: { refresh: 20ms }
cloudRanges: { static: [{ prefix: 192.0.2.0/24, cloud: aws, region: eu-west-1 }] }
${more}
`,
  );
  front = await startFront(['--config', file]);
  await front.logged('digest-index-loaded');
}

async function pull(path: string, init: RequestInit = {}): Promise<number> {
  const headers = { 'x-forwarded-for': CLIENT };
  return (await fetch(`${front.url}${path}`, { redirect: 'manual', headers, ...init })).status;
}

/** What is written when the front has stopped, and so has nothing left to write. */
async function eventsIn(name = 'pulls.jsonl'): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(folder, name), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describe('pull events', () => {
  test('name what is pulled and from where to where, and never the address', async () => {
    await start();
    await pull(`/v2/tools/pause/blobs/${HELD}`);
    await pull('/v2/tools/pause/manifests/v1');
    await front.stop();
    const common = { repository: 'tools/pause', cloud: 'aws', region: 'eu-west-1' };
    expect(await eventsIn()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        kind: 'blob',
        reference: HELD,
        ...common,
        by: 'dublin',
        reason: 'held',
        deliver: 'redirect',
        bytes: 5,
      },
      {
        time: expect.any(String),
        kind: 'manifest',
        reference: 'v1',
        ...common,
        by: 'main',
        reason: 'manifest',
        deliver: 'redirect',
      },
    ]);
    expect(await readFile(join(folder, 'pulls.jsonl'), 'utf8')).not.toContain(CLIENT);
  });

  test('are none for what is no pull', async () => {
    await start();
    await pull(`/v2/a/blobs/${HELD}`, { method: 'HEAD' });
    await pull('/v2/');
    await pull('/v2/a/tags/list');
    await pull('/v2/a/manifests/%2e%2e');
    await front.stop();
    expect(await eventsIn()).toEqual([]);
  });

  test('of what was fetched for the client say so, and of what failed say nothing', async () => {
    const body = Buffer.from('12345');
    const digest = sha256Of(body);
    bucket.objects.set(`/containers/images/${digest}`, body);
    await start('pullEvents: { to: pulls.jsonl }', 'deliver: proxy, blobs: [dublin]');
    expect(await pull('/v2/a/manifests/v2')).toBe(404);
    bucket.publish({ digests: [digest] });
    await front.logged('digest-index-loaded', 2);
    expect(await pull(`/v2/a/blobs/${digest}`)).toBe(200);
    await front.stop();
    expect(await eventsIn()).toMatchObject([
      { deliver: 'proxy', reference: digest, by: 'dublin', bytes: 5 },
    ]);
  });

  test('go on in a new file when the old one was moved away', async () => {
    await start();
    await pull('/v2/a/manifests/before');
    await expect.poll(() => eventsIn(), { timeout: 5_000 }).toHaveLength(1);
    await rename(join(folder, 'pulls.jsonl'), join(folder, 'pulls.1'));
    front.hangUp();
    await front.logged('config-reloaded');
    await pull('/v2/a/manifests/after');
    await front.stop();
    expect(await eventsIn('pulls.1')).toMatchObject([{ reference: 'before' }]);
    expect(await eventsIn()).toMatchObject([{ reference: 'after' }]);
  });

  test('that cannot be written disturb no pull, and are said to be lost once', async () => {
    await start('pullEvents: { to: /dev/full }');
    for (let round = 0; round < 50; round++) {
      expect(await pull(`/v2/a/manifests/${round}`)).toBe(307);
    }
    await front.logged('pull-events-failed');
    expect(await pull('/v2/a/manifests/last')).toBe(307);
    expect(await front.logged('pull-events-failed')).toHaveLength(1);
  });

  test('to a place that cannot be written refuse the configuration', async () => {
    await start();
    const file = join(folder, 'archeion.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('pulls.jsonl', 'no/such/folder'));
    const [refused] = await front.logged('config-refused');
    expect(JSON.stringify(refused)).toContain('no/such/folder');
    expect(await pull('/v2/a/manifests/v1')).toBe(307);
  });
});

describe('the list of endpoints', () => {
  const read = () => fetch(`${front.url}/.well-known/archeion/endpoints.json`);

  test('names every host that a client may be sent to, from the live configuration', async () => {
    await start('');
    const { hostname: host, port } = new URL(bucket.url);
    const bucketEndpoint = {
      scheme: 'http',
      host,
      port: Number(port),
      serves: ['manifests', 'blobs'],
      names: ['main', 'dublin'],
    };
    const storage = { scheme: 'https', host: 'storage.example', port: 443 };
    expect(await (await read()).json()).toEqual({
      version: 1,
      endpoints: [bucketEndpoint, { ...storage, serves: ['redirects'], names: ['main'] }],
    });
    const file = join(folder, 'archeion.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}pages: { root: "https://example.org/" }`);
    await front.logged('config-reloaded');
    expect(await (await read()).text()).toContain('"example.org"');
  });

  test('is not there when it is switched off', async () => {
    await start('publishEndpoints: false');
    expect((await read()).status).toBe(404);
  });
});
