// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { s3Driver } from '../../src/storage/s3/s3.ts';
import { freePorts } from '../support/free-port.ts';
import { sha256Of, someManifest } from '../support/image-documents.ts';
import {
  type RunningProcess,
  startProcess,
  stopAllProcesses,
  waitFor,
} from '../support/processes.ts';
import { bytesIn } from '../support/storage-reading.ts';
import { PROGRAM } from './front.ts';
import { bucketStorage, type Replica, startReplica } from './s3-registry.ts';
import { startVersityGateway } from './s3-servers.ts';

const KILLS = 8;
const IMAGES = 'containers/images/';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

let folder: string;
let registry: Replica;
let target: StorageDriver;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-follow-'));
  const s3 = await startVersityGateway(folder);
  const [source, storage] = [await bucketStorage(s3, folder), await bucketStorage(s3, folder)];
  registry = await startReplica(folder, { storage: source });
  const bucket = storage.kind === 's3' ? storage.bucket : expect.fail('it is a bucket');
  target = s3Driver({
    bucket,
    region: 'us-east-1',
    endpoint: s3.url,
    credentials: async () => s3.credentials,
  });
  const [port] = await freePorts(1);
  const config = {
    source: { registry: { storage: source }, repositories: ['team/**'] },
    targets: [
      { name: 'dublin', storage: { kind: 'filesystem', directory: 'served' } },
      { name: 'bucket', storage, publicUrl: 'https://bucket.example' },
    ],
    follow: { poll: '200ms', admin: { port } },
  };
  await writeFile(join(folder, 'mirror.yaml'), stringify(config));
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

function follow(): RunningProcess {
  const line = [PROGRAM, 'mirror', 'follow', '--config', join(folder, 'mirror.yaml')];
  return startProcess(process.execPath, line);
}

async function must(asking: Promise<Response>): Promise<void> {
  expect((await asking).status).toBe(201);
}

/** @returns what has to come to the targets, by digest */
async function push(tag: string): Promise<ReadonlyMap<string, string>> {
  const layer = `the layer of ${tag} `.repeat(20_000);
  const described = { mediaType: 'application/vnd.oci.image.layer.v1.tar' };
  const layers = [{ ...described, digest: sha256Of(layer), size: layer.length }];
  const manifest = Buffer.from(someManifest({ layers }).bytes).toString();
  const repository = `${registry.url}/v2/team/${tag}`;
  for (const content of [layer, '{}']) {
    const query = `digest=${sha256Of(content)}`;
    await must(fetch(`${repository}/blobs/uploads/?${query}`, { method: 'POST', body: content }));
  }
  const headers = { 'content-type': MANIFEST };
  await must(fetch(`${repository}/manifests/v1`, { method: 'PUT', body: manifest, headers }));
  return new Map([layer, manifest].map((content) => [sha256Of(content), content]));
}

async function isThere(digest: string, content: string): Promise<boolean> {
  const found = await target.read(IMAGES + digest);
  const file = await readFile(join(folder, 'served', IMAGES, digest), 'utf8').catch(() => '');
  const object = found === undefined ? '' : (await bytesIn(found.body)).toString();
  // What is there at all is right.
  for (const text of [file, object]) expect(['', content]).toContain(text);
  return file !== '' && object !== '';
}

test('a follower that is killed again and again loses nothing of what is pushed meanwhile', async () => {
  const expected = new Map<string, string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const running = follow();
    for (const [digest, content] of await push(`image-${kill}`)) expected.set(digest, content);
    await sleep(randomInt(200, 2_500));
    await running.stop('SIGKILL');
  }
  const last = follow();
  for (const [digest, content] of expected) {
    await waitFor(async () => ((await isThere(digest, content)) ? true : undefined), last.output);
  }
  const begun = performance.now();
  for (const [digest, content] of await push('while-it-runs')) {
    await waitFor(async () => ((await isThere(digest, content)) ? true : undefined), last.output);
  }
  // Seconds, and not the hour until everything is looked at again.
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(await last.stop('SIGTERM')).toBe(0);
  expect(last.output()).toContain('"event":"stopped"');
}, 120_000);
