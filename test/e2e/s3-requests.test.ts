// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tagKey } from '../../src/registry/store/layout.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { s3Driver } from '../../src/storage/s3/s3.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { type RegistryClient, registryClient } from '../support/registry-client.ts';
import { describe as descriptorOf, imageOf, pushManifest } from '../support/registry-pushes.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { startVersityGateway } from './s3-servers.ts';

const MIB = 1024 * 1024;
const LAYERS = ['layer', 'second layer', 'third layer'];
const IMAGE = imageOf('layer', {
  layers: LAYERS.map((content) => descriptorOf('application/octet-stream', content)),
});
const BLOBS = [...LAYERS, '{}'];

let folder: string;
let proxy: CountingProxy;
let storage: StorageDriver;
let client: RegistryClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-count-'));
  const server = await startVersityGateway(folder);
  proxy = await startCountingProxy(server.url);
  storage = s3Driver({ ...(await server.bucket()), endpoint: proxy.url });
  client = registryClient({ storage, settings: { redirectSeconds: 60 } });
  for (const content of BLOBS) await client.push('app', content);
  const push = { client, repository: 'app', reference: 'v1' };
  expect((await pushManifest(push, IMAGE)).status).toBe(201);
});

afterAll(async () => {
  proxy.close();
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

/** What some work asks of the store. */
async function counted(work: () => Promise<unknown>): Promise<readonly string[]> {
  proxy.take();
  await work();
  return proxy.take();
}

test('a manifest by tag takes three requests, by digest two', async () => {
  const [tag, digest] = ['v1', digestOf(IMAGE)];
  expect(await counted(() => client.ask('GET', `app/manifests/${tag}`))).toHaveLength(3);
  expect(await counted(() => client.ask('GET', `app/manifests/${digest}`))).toHaveLength(2);
});

test('a blob by redirect takes one request, and the link gives its bytes', async () => {
  const path = `app/blobs/${digestOf('layer')}`;
  const requests = await counted(async () => {
    const { status, headers } = await client.ask('GET', path);
    expect(status).toBe(307);
    expect(await (await fetch(headers['location'] ?? '')).text()).toBe('layer');
  });
  // The second one is the client's.
  expect(requests).toEqual([
    expect.stringMatching(/^HEAD .*\/links\//),
    expect.stringMatching(/^GET .*\/blobs\/.*X-Amz-Signature=/),
  ]);
  expect(await counted(() => client.ask('HEAD', path))).toHaveLength(1);
});

/** Chunks of a body that says no length, as a client that compresses while it sends. */
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let first = 0; first < bytes.byteLength; first += 100_000) {
    yield bytes.subarray(first, first + 100_000);
  }
}

test.each([
  ['POST, PATCH, PUT', 1, 1],
  ['POST, PATCH, PUT', 20, 3],
])('a push of a blob by %s of %i MiB takes ten requests and %i parts', async (_, size, parts) => {
  const blob = Buffer.alloc(size * MIB, `blob of ${size} by three`);
  const requests = await counted(async () => {
    const location = await client.start('pushed');
    await client.ask('PATCH', location, { body: chunksOf(blob) });
    const { status } = await client.ask('PUT', `${location}?digest=${digestOf(blob)}`);
    expect(status).toBe(201);
  });
  expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(10 + parts);
});

test.each([
  [1, 1],
  [20, 3],
])('a push of a blob by POST and PUT of %i MiB takes no more than that', async (size, parts) => {
  const blob = Buffer.alloc(size * MIB, `blob of ${size} by two`);
  const requests = await counted(async () => {
    const location = await client.start('pushed');
    const path = `${location}?digest=${digestOf(blob)}`;
    expect((await client.ask('PUT', path, { body: chunksOf(blob) })).status).toBe(201);
  });
  expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(10 + parts);
});

test('a push of an image that is there takes one request for each blob and four', async () => {
  const requests = await counted(async () => {
    for (const content of BLOBS) {
      expect((await client.ask('HEAD', `app/blobs/${digestOf(content)}`)).status).toBe(200);
    }
    const push = { client, repository: 'app', reference: 'v1' };
    expect((await pushManifest(push, IMAGE)).status).toBe(201);
  });
  expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(BLOBS.length + 4);
});

test('any page of tags is one list: the first, the next, the last and any in the middle', async () => {
  const tags = Array.from({ length: 2_100 }, (_, index) => `t${String(index).padStart(5, '0')}`);
  const queue = tags.values();
  const write = async () => {
    for (const tag of queue) await storage.write(tagKey('many', tag), '{}');
  };
  await Promise.all(Array.from({ length: 16 }, write));
  const seen: string[] = [];
  let path = 'many/tags/list';
  while (path !== '') {
    const requests = await counted(async () => {
      const { headers, text } = await client.ask('GET', path);
      seen.push(...JSON.parse(text).tags);
      path = /^<(.*)>; rel="next"$/.exec(headers['link'] ?? '')?.[1] ?? '';
    });
    expect(requests).toEqual([expect.stringMatching(/^GET .*list-type=2/)]);
  }
  expect(seen).toEqual(tags);
  const middle = await counted(async () => {
    const { text } = await client.ask('GET', 'many/tags/list?n=3&last=t01234');
    expect(JSON.parse(text).tags).toEqual(['t01235', 't01236', 't01237']);
  });
  expect(middle).toEqual([expect.stringMatching(/^GET .*list-type=2/)]);
});
