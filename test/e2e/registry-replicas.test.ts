// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RegistryDocument } from '../../src/config/registry.ts';
import { sha256Of } from '../support/image-documents.ts';
import { mustRun, runProcess, stopAllProcesses } from '../support/processes.ts';
import { imageOf } from '../support/registry-pushes.ts';
import { skopeoCopy } from './clients.ts';
import { PROGRAM } from './front.ts';
import { bucketStorage, type Replica, startReplica, writeConfig } from './s3-registry.ts';
import { startMinio, startVersityGateway } from './s3-servers.ts';
import { buildSampleImage, digestsIn, type SampleImage } from './sample-image.ts';

const MIB = 1024 * 1024;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

let folder: string;
let image: SampleImage;
let config: Pick<RegistryDocument, 'storage'>;
let replicas: Replica[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-replicas-'));
  image = await buildSampleImage(join(folder, 'image'));
  const storage = await bucketStorage(await startVersityGateway(folder), folder);
  config = { storage: { ...storage, redirect: true } as RegistryDocument['storage'] };
  // All at once: whoever is first marks the bucket.
  replicas = await Promise.all([1, 2, 3].map(() => startReplica(folder, withTags(config))));
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

const withTags = (given: typeof config) => ({ ...given, tags: { immutable: ['fixed-*'] } });

/** A replica by its place, counted around: the first after the last. */
function at(place: number): Replica {
  const found = replicas[place % replicas.length];
  if (found === undefined) throw new Error('no replica is left');
  return found;
}

/** Asks one replica after the other. */
let turn = 0;
function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${at(turn++).url}/v2/${path}`, init);
}

async function must(status: number, asking: Promise<Response>): Promise<Response> {
  const answer = await asking;
  expect([answer.status, answer.ok ? '' : await answer.text()]).toEqual([status, '']);
  return answer;
}

/** Each request goes to another replica. */
async function pushBlob(repository: string, content: string | Uint8Array, chunk = 6 * MIB) {
  const bytes = Buffer.from(content);
  const started = await must(202, ask(`${repository}/blobs/uploads/`, { method: 'POST' }));
  const path = (started.headers.get('location') ?? '').replace('/v2/', '');
  for (let first = 0; first < bytes.byteLength; first += chunk) {
    const body = bytes.subarray(first, first + chunk);
    await must(202, ask(path, { method: 'PATCH', body }));
  }
  await must(201, ask(`${path}?digest=${sha256Of(bytes)}`, { method: 'PUT' }));
}

function pushManifest(repository: string, reference: string, manifest: string) {
  const headers = { 'content-type': MANIFEST };
  const path = `${repository}/manifests/${reference}`;
  return ask(path, { method: 'PUT', headers, body: manifest });
}

test('an upload is begun on one replica, gone on with on others, and what it makes is everywhere', async () => {
  const blob = Buffer.alloc(20 * MIB + 7, 'some bytes ');
  await pushBlob('team/app', blob);
  await pushBlob('team/app', 'small chunks, byte by byte', 1);
  for (const replica of replicas) {
    const answer = await fetch(`${replica.url}/v2/team/app/blobs/${sha256Of(blob)}`);
    // By redirect, from the store itself.
    expect(new URL(answer.url).host).not.toBe(replica.host);
    expect(sha256Of(Buffer.from(await answer.arrayBuffer()))).toBe(sha256Of(blob));
  }
});

test('of two chunks at once, on two replicas, one counts, and the upload is whole', async () => {
  const started = await must(202, ask('team/app/blobs/uploads/', { method: 'POST' }));
  const path = (started.headers.get('location') ?? '').replace('/v2/', '');
  const [one, other] = ['1', '2'].map((letter) => letter.repeat(9 * MIB));
  const answers = await Promise.all(
    [one, other].map((body = '') => ask(path, { method: 'PATCH', body })),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([202, 416]);
  const winner = (statuses[0] === 202 ? one : other) ?? '';
  await must(201, ask(`${path}?digest=${sha256Of(winner)}`, { method: 'PUT' }));
});

test('two pushes of one tag at once leave it at one of them; one that may not move, at the first', async () => {
  const images = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => imageOf(`layer ${name}`));
  await pushBlob('team/race', '{}');
  for (const name of 'abcdef') await pushBlob('team/race', `layer ${name}`);
  const moved = await Promise.all(images.map((text) => pushManifest('team/race', 'v1', text)));
  expect(moved.map(({ status }) => status)).toEqual(images.map(() => 201));
  const there = await Promise.all(
    replicas.map(async ({ url }) => (await fetch(`${url}/v2/team/race/manifests/v1`)).text()),
  );
  expect(new Set(there).size).toBe(1);
  expect(images).toContain(there[0]);
  const fixed = await Promise.all(images.map((text) => pushManifest('team/race', 'fixed-1', text)));
  expect(fixed.filter(({ status }) => status === 201)).toHaveLength(1);
});

test('what is deleted on one replica is gone on all of them', async () => {
  const text = imageOf('layer gone');
  await pushBlob('team/gone', '{}');
  await pushBlob('team/gone', 'layer gone');
  await must(201, pushManifest('team/gone', 'v1', text));
  await must(202, ask(`team/gone/manifests/${sha256Of(text)}`, { method: 'DELETE' }));
  await must(202, ask(`team/gone/blobs/${sha256Of('layer gone')}`, { method: 'DELETE' }));
  for (const { url } of replicas) {
    expect((await fetch(`${url}/v2/team/gone/manifests/v1`)).status).toBe(404);
    expect((await fetch(`${url}/v2/team/gone/blobs/${sha256Of('layer gone')}`)).status).toBe(404);
  }
});

test('an image pushed through one replica is pulled through another, by skopeo', async () => {
  const from = `oci:${image.layout}:${image.tag}`;
  const options = ['--quiet', '--all', '--preserve-digests', '--dest-tls-verify=false'];
  await mustRun('skopeo', ['copy', ...options, from, `docker://${at(0).host}/tools/sample:v1`]);
  const copies = await Promise.all(
    replicas.map(async ({ host }, place) => {
      const layout = join(folder, `copy-${place}`);
      expect(await skopeoCopy(`${host}/tools/sample:v1`, layout)).toMatchObject({ code: 0 });
      return digestsIn(layout);
    }),
  );
  expect(copies[1]).toEqual(copies[0]);
  expect(copies[2]).toEqual(copies[0]);
});

test('commands work on the bucket of a running registry', async () => {
  const file = await writeConfig(folder, config);
  const archeion = (...line: string[]) => mustRun(PROGRAM, ['registry', ...line, '-c', file]);
  expect(await archeion('ls')).toContain('tools/sample\n');
  expect(await archeion('verify')).toContain(': whole');
  await archeion('import', `oci:${image.layout}:${image.tag}`, 'tools/imported:v1');
  await archeion('export', 'tools/imported:v1', join(folder, 'exported'));
  expect(await digestsIn(join(folder, 'exported'))).toContain(image.indexDigest);
  await archeion('rm', 'tools/imported:v1', '--recursive');
  expect(await archeion('ls')).not.toContain('tools/imported');
  expect(await archeion('verify')).toContain(': whole');
});

test('a replica killed in the midst of a push takes nothing along, and the push goes on elsewhere', async () => {
  const blob = Buffer.alloc(30 * MIB, 'killed ');
  const [victim] = replicas.splice(0, 1);
  const started = await must(202, ask('team/killed/blobs/uploads/', { method: 'POST' }));
  const path = started.headers.get('location') ?? '';
  await must(
    202,
    ask(path.replace('/v2/', ''), { method: 'PATCH', body: blob.subarray(0, 10 * MIB) }),
  );
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new Uint8Array(64 * 1024));
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
  });
  const broken = fetch(`${victim?.url}${path}`, { method: 'PATCH', body, duplex: 'half' });
  setTimeout(() => process.kill(victim?.running.pid ?? 0, 'SIGKILL'), 500);
  await expect(broken).rejects.toThrow();
  const status = await must(204, ask(path.replace('/v2/', '')));
  expect(status.headers.get('range')).toBe(`0-${10 * MIB - 1}`);
  const rest = blob.subarray(10 * MIB);
  await must(202, ask(path.replace('/v2/', ''), { method: 'PATCH', body: rest }));
  const query = `?digest=${sha256Of(blob)}`;
  await must(201, ask(`${path.replace('/v2/', '')}${query}`, { method: 'PUT' }));
  const answer = await must(200, ask(`team/killed/blobs/${sha256Of(blob)}`));
  expect(sha256Of(Buffer.from(await answer.arrayBuffer()))).toBe(sha256Of(blob));
});

test('a bucket that is missing, and one that holds something else, are refused with a reason', async () => {
  const { storage } = config;
  const serve = async (more: object) => {
    const document = { storage: { ...storage, ...more } } as RegistryDocument;
    const file = await writeConfig(folder, document, 'refused');
    return runProcess(process.execPath, [PROGRAM, 'registry', 'serve', '-c', file]);
  };
  const missing = await serve({ bucket: 'nowhere' });
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('NoSuchBucket')]);
  const foreign = await serve({ prefix: 'blobs' });
  expect([foreign.code, foreign.stderr]).toEqual([2, expect.stringContaining('it holds sha256/')]);
});

test('a store that does not heed the condition of a deletion is refused', async () => {
  const storage = await bucketStorage(await startMinio(folder), folder);
  const file = await writeConfig(folder, { storage }, 'minio');
  const { code, stderr } = await runProcess(process.execPath, [
    PROGRAM,
    'registry',
    'serve',
    '-c',
    file,
  ]);
  expect(code).not.toBe(0);
  expect(stderr).toContain('does not remove only what was read (If-Match of a deletion)');
  expect(stderr).not.toContain(' at file:');
});
