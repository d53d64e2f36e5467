// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../src/core/oci/digest.ts';
import type { Explanation } from '../../src/redirector/explain.ts';
import { digestOfPair, type IndexBucket, startIndexBucket } from '../support/index-bucket.ts';
import { type RunningFront, startCommand, startFront } from '../support/running-command.ts';

const [A, B, C] = ['aa', 'bb', 'cc'].map(digestOfPair) as [Digest, Digest, Digest];
const keys = generateKeyPairSync('ed25519');

let folder = '';
let bucket: IndexBucket;
let front: RunningFront;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-digest-index-'));
  bucket = await startIndexBucket();
  const pem = keys.publicKey.export({ type: 'spki', format: 'pem' });
  await writeFile(join(folder, 'key.pem'), pem);
});
afterEach(async () => {
  await front.stop();
  await bucket.close();
  await rm(folder, { recursive: true, force: true });
});

/** With the index looked at very often, so that tests need not wait. */
async function start(more = 'index: true', others = ''): Promise<RunningFront> {
  const file = join(folder, 'archeion.yaml');
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [{ name: main, url: https://main.example }]
backends:
  - { name: dublin, url: "${bucket.url}", ${more} }
${others}
routing: [{ blobs: [${others === '' ? 'dublin' : 'cdn, dublin'}] }]
indexes: { refresh: 20ms }
`,
  );
  front = await startFront(['--config', file]);
  return front;
}

/** The name of whoever serves it. */
async function servedBy(digest: Digest): Promise<string | undefined> {
  const answer = await fetch(`${front.url}/v2/a/blobs/${digest}`, { redirect: 'manual' });
  expect(answer.status).toBe(307);
  return answer.headers.get('x-archeion-route')?.split(';')[0];
}

describe('a backend that publishes an index', () => {
  test('is not asked for what it holds, nor for what it lacks', async () => {
    bucket.publish({ digests: [A, B] });
    const { logged, adminUrl } = await start();
    await logged('digest-index-loaded');
    expect(await Promise.all([A, B, C].map(servedBy))).toEqual(['dublin', 'dublin', 'main']);
    expect(bucket.probes).toEqual([]);
    const query = new URLSearchParams({ path: `/v2/a/blobs/${A}`, address: '192.0.2.1' });
    const explained = await (await fetch(`${adminUrl}/explain?${query}`)).json();
    expect((explained as Explanation).candidates).toMatchObject([
      { holder: 'dublin', knowledge: 'held', knownBy: 'index' },
    ]);
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    expect(metrics).toContain('archeion_digest_index_entries{backend="dublin"} 2');
  });

  test('is asked by its tag, and what it publishes next is picked up', async () => {
    bucket.publish({ digests: [A] });
    const { logged } = await start();
    await logged('digest-index-loaded');
    await expect.poll(() => bucket.pointers.unchanged).toBeGreaterThan(2);
    expect(bucket.pointers.sent).toBe(1);
    bucket.publish({ digests: [B], createdAt: Date.now() + 1 });
    await logged('digest-index-loaded', 2);
    expect(await Promise.all([A, B].map(servedBy))).toEqual(['main', 'dublin']);
    expect(bucket.probes).toEqual([]);
  });

  test('is probed again once its index is past its time', async () => {
    bucket.publish({ digests: [A], validFor: 1_500 });
    bucket.objects.set(`/containers/images/${B}`, Buffer.from('hello'));
    const { logged } = await start();
    await logged('digest-index-loaded');
    expect(await Promise.all([A, B].map(servedBy))).toEqual(['dublin', 'main']);
    expect(bucket.probes).toEqual([]);
    await logged('digest-index-expired');
    expect(await Promise.all([A, B].map(servedBy))).toEqual(['main', 'dublin']);
    expect(bucket.probes).toHaveLength(2);
  });

  test('is probed when its index is that of another', async () => {
    bucket.publish({ digests: [A], backend: 'tokyo' });
    const { logged } = await start();
    const [refused] = await logged('digest-index-refused');
    expect(refused).toMatchObject({ backend: 'dublin', kept: false });
    expect(refused?.['problem']).toContain('of backend "tokyo"');
    expect(await servedBy(A)).toBe('main');
    expect(bucket.probes).toHaveLength(1);
  });

  test('serves the CDN in front of it too', async () => {
    bucket.publish({ digests: [A] });
    const { logged } = await start(
      'index: true',
      '  - { name: cdn, url: "https://cdn.example", index: { of: dublin } }',
    );
    await logged('digest-index-loaded');
    expect(await Promise.all([A, B].map(servedBy))).toEqual(['cdn', 'main']);
  });
});

describe('a new index that is bad leaves the old one in force', () => {
  const spoil: ReadonlyArray<readonly [string, (bytes: Uint8Array) => Uint8Array, RegExp]> = [
    ['cut off', (bytes) => bytes.subarray(0, bytes.length - 20), /its pointer says/],
    ['with something behind it', (bytes) => Buffer.concat([bytes, bytes]), /more than/],
    [
      'with a changed byte',
      (bytes) =>
        Buffer.from(bytes.map((byte, place) => (place === bytes.length - 40 ? byte ^ 1 : byte))),
      /its checksum is not that of its content/,
    ],
    ['no index', (bytes) => Buffer.alloc(bytes.length, 'x'), /does not begin/],
  ];

  test.each(spoil)('%s', async (_, change, problem) => {
    bucket.publish({ digests: [A] });
    const { logged } = await start();
    await logged('digest-index-loaded');
    const file = bucket.publish({ digests: [B], createdAt: Date.now() + 1 });
    bucket.objects.set(file, change(bucket.objects.get(file) ?? new Uint8Array()));
    const [refused] = await logged('digest-index-refused');
    expect(refused).toMatchObject({ kept: true, problem: expect.stringMatching(problem) });
    expect(await Promise.all([A, B].map(servedBy))).toEqual(['dublin', 'main']);
    expect(bucket.probes).toEqual([]);
  });

  test.each([
    ['a pointer that is none', 'nonsense', /is no pointer/],
    ['a pointer to nothing', undefined, /which is not there/],
    [
      'a pointer that is longer than one can be',
      `"${'x'.repeat(70_000)}"`,
      /more than 65536 bytes/,
    ],
  ])('%s', async (_, text, problem) => {
    bucket.publish({ digests: [A] });
    const { logged } = await start();
    await logged('digest-index-loaded');
    const file = bucket.publish({ digests: [B], createdAt: Date.now() + 1 });
    bucket.objects.delete(file);
    const pointer = bucket.objects.get('/archeion/index') ?? new Uint8Array();
    bucket.objects.set('/archeion/index', text === undefined ? pointer : Buffer.from(text));
    const [refused] = await logged('digest-index-refused');
    expect(refused).toMatchObject({ kept: true, problem: expect.stringMatching(problem) });
    expect(await servedBy(A)).toBe('dublin');
  });

  test('an older one that is still valid', async () => {
    bucket.publish({ digests: [A] });
    const { logged } = await start();
    await logged('digest-index-loaded');
    bucket.publish({ digests: [B], createdAt: Date.now() - 60_000 });
    const [refused] = await logged('digest-index-refused');
    expect(refused).toMatchObject({ problem: 'it is older than the last one' });
    expect(await Promise.all([A, B].map(servedBy))).toEqual(['dublin', 'main']);
  });
});

describe('threat 17: a backend that has to prove that it is ours', () => {
  const OWNED = 'ownership: { publicKey: key.pem }';
  const { privateKey } = keys;
  const strangers = generateKeyPairSync('ed25519');
  const stranger = strangers.privateKey;

  test('is routed while its signed index is valid, and not after', async () => {
    bucket.publish({ digests: [A], privateKey, validFor: 1_500 });
    bucket.objects.set(`/containers/images/${A}`, Buffer.from('hello'));
    const { logged } = await start(OWNED);
    await logged('digest-index-loaded');
    expect(await servedBy(A)).toBe('dublin');
    await logged('digest-index-expired');
    expect(await servedBy(A)).toBe('main');
    expect(bucket.probes).toEqual([]);
  });

  test('is not routed any more once its key is replaced in the file and read again', async () => {
    bucket.publish({ digests: [A], privateKey });
    const { logged, hangUp } = await start(OWNED);
    await logged('digest-index-loaded');
    expect(await servedBy(A)).toBe('dublin');
    const pem = strangers.publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(join(folder, 'key.pem'), pem);
    hangUp();
    await logged('config-reloaded');
    const [refused] = await logged('digest-index-refused');
    expect(refused).toMatchObject({ problem: expect.stringMatching(/not by the configured key/) });
    expect(await servedBy(A)).toBe('main');
  });

  test.each([
    ['missing', () => bucket.objects.clear(), /no pointer/],
    ['not signed', () => bucket.publish({ digests: [A] }), /is not signed/],
    [
      'signed by a stranger',
      () => bucket.publish({ digests: [A], privateKey: stranger }),
      /not by the configured key/,
    ],
    [
      'expired',
      () => bucket.publish({ digests: [A], privateKey, validFor: -1 }),
      /was valid until/,
    ],
    [
      'of another backend',
      () => bucket.publish({ digests: [A], privateKey, backend: 'tokyo' }),
      /of backend "tokyo"/,
    ],
  ])('is not routed, and not even probed, when its index is %s', async (_, publish, problem) => {
    publish();
    bucket.objects.set(`/containers/images/${A}`, Buffer.from('hello'));
    const { logged } = await start(OWNED);
    const [refused] = await logged('digest-index-refused');
    expect(refused).toMatchObject({ problem: expect.stringMatching(problem) });
    expect(await servedBy(A)).toBe('main');
    expect(bucket.probes).toEqual([]);
  });

  test('is a configuration that is refused when the key is a key that is not there', async () => {
    await start('index: true');
    const file = join(folder, 'archeion.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('index: true', 'ownership: { publicKey: none.pem }'));
    const [refused] = await front.logged('config-refused');
    expect(JSON.stringify(refused)).toContain('cannot be read: there is no such file');
    expect(await startCommand(['config', 'check', file]).stop()).toBe(2);
  });

  test('is not routed before its index was seen', async () => {
    bucket.publish({ digests: [A], privateKey });
    await start(OWNED);
    expect(['main', 'dublin']).toContain(await servedBy(A));
    expect(bucket.probes).toEqual([]);
  });
});
