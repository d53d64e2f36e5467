// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustRun, runProcess, stopAllProcesses } from '../support/processes.ts';
import { blobsServed } from './access-log.ts';
import { startBackend } from './backends.ts';
import { skopeoCopy, skopeoListTags, startContainerd } from './clients.ts';
import { type DockerRegistry, pushSampleImage, startDockerRegistry } from './docker-registry.ts';
import { type Front, startFront } from './front.ts';
import { type NginxServer, startEntrance } from './nginx.ts';
import { blobFile, buildSampleImage, digestsIn, type SampleImage } from './sample-image.ts';

const LOGIN = { username: 'puller', password: 'hunter2' };
const NAME = 'tools/sample';

let folder: string;
let image: SampleImage;
let upstream: DockerRegistry;
let backend: NginxServer;
let front: Front;
let wanted: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-private-'));
  image = await buildSampleImage(join(folder, 'image'));
  wanted = await digestsIn(image.layout);
  const open = await startDockerRegistry(folder);
  await pushSampleImage(image, `${open.host}/${NAME}`);
  await open.stop();
  upstream = await startDockerRegistry(folder, LOGIN);
  backend = await startBackend(join(folder, 'backend'), { layout: image.layout, digests: wanted });
  await writeFile(join(folder, 'password'), LOGIN.password);
  const { username } = LOGIN;
  front = await startFront(join(folder, 'front'), {
    upstreams: [
      {
        name: 'main',
        url: upstream.url,
        deliver: 'proxy',
        credentials: { username, passwordFile: join(folder, 'password') },
      },
    ],
    backends: [{ name: 'near', url: backend.url }],
    routing: [
      { client: { prefixes: ['192.0.2.0/24'] }, blobs: ['near'] },
      {
        client: { prefixes: ['198.51.100.0/24'] },
        deliver: 'deny',
        help: 'https://example.org/why',
      },
    ],
  });
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

function entranceFor(client: string): Promise<NginxServer> {
  return startEntrance(join(folder, client), { front: front.url, client });
}

/** What arrived, without what the layout holds besides the image. */
async function pulled(layout: string): Promise<string[]> {
  return (await digestsIn(layout)).filter((digest) => wanted.includes(digest));
}

test('the upstream refuses whoever does not log in', async () => {
  const copy = await skopeoCopy(`${upstream.host}/${NAME}:${image.tag}`, join(folder, 'refused'));
  expect(copy.code).not.toBe(0);
});

test('skopeo pulls all of it through the front, without a login of its own', async () => {
  const { host } = await entranceFor('203.0.113.7');
  const layout = join(folder, 'proxied');
  expect(await skopeoCopy(`${host}/${NAME}:${image.tag}`, layout)).toMatchObject({ code: 0 });
  const found = await pulled(layout);
  expect(found).toContain(image.indexDigest);
  expect(found).toEqual(await digestsIn(layout));
  expect(await skopeoListTags(`${host}/${NAME}`)).toContain(image.tag);
});

test('containerd pulls manifests through the front and blobs from the backend', async () => {
  const { host } = await entranceFor('192.0.2.7');
  const containerd = await startContainerd(join(folder, 'containerd'));
  const before = upstream.accesses().length;
  expect(await containerd.fetch('near', `${host}/${NAME}:${image.tag}`)).toMatchObject({ code: 0 });
  expect(await containerd.digests('near')).toContain(image.indexDigest);
  expect(blobsServed(upstream.accesses().slice(before))).toEqual([]);
  expect(blobsServed(await backend.accesses())).not.toEqual([]);
});

test('a client that is denied sees why', async () => {
  const { host } = await entranceFor('198.51.100.7');
  const copy = await skopeoCopy(`${host}/${NAME}:${image.tag}`, join(folder, 'denied'));
  expect(copy.code).not.toBe(0);
  expect(copy.stderr).toContain('https://example.org/why');
});

test('curl resumes a blob half way', async () => {
  const { url } = await entranceFor('203.0.113.8');
  const sizes = wanted.map(async (digest) => (await stat(blobFile(image.layout, digest))).size);
  const largest = Math.max(...(await Promise.all(sizes)));
  const digest = wanted[(await Promise.all(sizes)).indexOf(largest)] ?? '';
  const blob = `${url}/v2/${NAME}/blobs/${digest}`;
  const file = join(folder, 'layer');
  await mustRun('curl', ['-sfo', file, '-r', '0-99', blob]);
  await mustRun('curl', ['-sfo', file, '-C', '-', blob]);
  const { stdout } = await runProcess('sha256sum', [file]);
  expect(`sha256:${stdout.slice(0, 64)}`).toBe(digest);
});
