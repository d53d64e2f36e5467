// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { s3Driver } from '../../src/storage/s3/s3.ts';
import { mustRun, runProcess, stopAllProcesses } from '../support/processes.ts';
import { keysIn } from '../support/storage-reading.ts';
import { blobsServed } from './access-log.ts';
import { skopeoCopy } from './clients.ts';
import { type DockerRegistry, pushSampleImage, startDockerRegistry } from './docker-registry.ts';
import { PROGRAM, startFront } from './front.ts';
import { startFileServer } from './nginx.ts';
import { bucketStorage } from './s3-registry.ts';
import { type S3Server, startVersityGateway } from './s3-servers.ts';
import { buildSampleImage, digestsIn, type SampleImage } from './sample-image.ts';

const LOGIN = { username: 'robot', password: 'hunter2' };
const IMAGES = 'containers/images/';

let folder: string;
let image: SampleImage;
let registry: DockerRegistry;
let s3: S3Server;
let bucket: string;

const mirror = (...args: string[]) =>
  runProcess(PROGRAM, ['mirror', ...args, '--config', join(folder, 'mirror.yaml')]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-mirror-'));
  image = await buildSampleImage(join(folder, 'image'));
  registry = await startDockerRegistry(folder);
  await pushSampleImage(image, `${registry.host}/team/sample`);
  s3 = await startVersityGateway(folder);
});
afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

test('an image goes with its signatures to a folder and a bucket, and pulls come from there', async () => {
  const served = join(folder, 'served');
  const backend = await startFileServer(join(folder, 'nginx'), served);
  const storage = await bucketStorage(s3, folder);
  bucket = storage.kind === 's3' ? storage.bucket : expect.fail('it is a bucket');
  const config = {
    source: { url: registry.url, repositories: ['team/**'] },
    targets: [
      {
        name: 'dublin',
        storage: { kind: 'filesystem', directory: 'served' },
        publicUrl: backend.url,
      },
      { name: 'bucket', storage, publicUrl: 'https://bucket.example' },
    ],
  };
  await writeFile(join(folder, 'mirror.yaml'), stringify(config));
  expect(await mirror('plan')).toMatchObject({ code: 3 });
  const run = await mirror('run', '--yes');
  expect(run.code).toBe(0);
  const said = run.stderr.trimEnd().split('\n');
  expect(said.map((line) => JSON.parse(line).errors)).toEqual(said.map(() => 0));
  expect(await mirror('plan')).toMatchObject({ code: 0 });

  const { accessKeyId, secretAccessKey } = s3.credentials;
  const driver = s3Driver({
    bucket,
    region: 'us-east-1',
    endpoint: s3.url,
    credentials: async () => ({ accessKeyId, secretAccessKey }),
  });
  const held = (await keysIn(driver, IMAGES)).map((key) => key.slice(IMAGES.length));
  expect(held).toEqual(expect.arrayContaining([...image.platformDigests]));
  expect(held).toEqual(expect.arrayContaining([image.indexDigest, image.referrerDigest]));

  const front = await startFront(join(folder, 'front'), {
    upstreams: [{ name: 'main', url: registry.url }],
    backends: [{ name: 'dublin', url: backend.url, index: true }],
    routing: [{ blobs: ['dublin'] }],
  });
  await expect.poll(front.log, { timeout: 10_000 }).toContain('digest-index-loaded');
  const before = registry.accesses().length;
  const pulled = join(folder, 'pulled');
  expect(await skopeoCopy(`${front.host}/team/sample:${image.tag}`, pulled)).toMatchObject({
    code: 0,
  });
  expect(await digestsIn(pulled)).toContain(image.indexDigest);
  expect(blobsServed(registry.accesses().slice(before))).toEqual([]);
  const accesses = await backend.accesses();
  expect(blobsServed(accesses).length).toBeGreaterThan(0);
  expect(accesses.filter(({ method }) => method === 'HEAD')).toEqual([]);
  await front.stop();
});

test('a second run asks for lists and tags, and for nothing else', async () => {
  const before = registry.accesses().length;
  expect(await mirror('run', '--yes')).toMatchObject({ code: 0 });
  const asked = registry.accesses().slice(before);
  expect(asked.filter(({ method }) => method === 'GET').length).toBe(2);
  expect(asked.filter(({ method }) => method === 'HEAD').length).toBe(4);
});

test('a registry that asks for a password gets it', async () => {
  const own = join(folder, 'private');
  await mustRun('mkdir', [own]);
  const closed = await startDockerRegistry(own, LOGIN);
  await writeFile(join(own, 'password'), `${LOGIN.password}\n`);
  const config = {
    source: {
      url: closed.url,
      repositories: ['team/**'],
      credentials: { username: LOGIN.username, passwordFile: 'password' },
    },
    targets: [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'served' } }],
  };
  await writeFile(join(own, 'mirror.yaml'), stringify(config));
  const run = () => runProcess(PROGRAM, ['mirror', 'plan', '--config', join(own, 'mirror.yaml')]);
  expect(await run()).toMatchObject({ code: 0 });
  await writeFile(join(own, 'password'), 'wrong\n');
  const refused = await run();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('refused access');
});
