// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readDigestIndex, recordsIn } from '../../src/core/digest-index/digest-index-file.ts';
import { parseIndexPointer } from '../../src/core/digest-index/index-pointer.ts';
import { descriptorOf, sha256Of, someManifest } from '../support/image-documents.ts';
import {
  type FinishedProcess,
  runProcess,
  startProcess,
  stopAllProcesses,
} from '../support/processes.ts';
import { type DockerRegistry, putManifest, startDockerRegistry } from './docker-registry.ts';
import { PROGRAM } from './front.ts';

const KILLS = 20;
/** Images that are pushed before each of them, so that there is always something to do. */
const IMAGES_EACH = 8;
const LAYERS = 4;
/** Together longer than a run takes to start, and shorter than it takes to end. */
const KILLED_WITHIN = { least: 150, most: 1_200 };

let folder: string;
let registry: DockerRegistry;
/** The digests of everything that was pushed. */
const pushed = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-mirror-kill-'));
  registry = await startDockerRegistry(folder);
  const targets = ['dublin', 'paris'].map((name) => ({
    name,
    storage: { kind: 'filesystem', directory: name },
    publicUrl: `https://${name}.example`,
  }));
  const source = { url: registry.url, repositories: ['team/**'] };
  await writeFile(join(folder, 'mirror.yaml'), stringify({ source, targets }));
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

const line = () => [PROGRAM, 'mirror', 'run', '--yes', '--config', join(folder, 'mirror.yaml')];
const targetFolder = (name: string) => join(folder, name, 'containers/images');

async function pushBlob(repository: string, bytes: Uint8Array): Promise<void> {
  const start = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(start.headers.get('location') ?? '', start.url);
  location.searchParams.set('digest', sha256Of(bytes));
  const put = await fetch(location, { method: 'PUT', body: new Uint8Array(bytes) });
  expect(put.status).toBe(201);
  pushed.add(sha256Of(bytes));
}

async function pushImage(repository: string, tag: string): Promise<void> {
  const layers = Array.from({ length: LAYERS }, () => randomBytes(randomInt(1_000, 200_000)));
  const mediaType = 'application/vnd.oci.image.layer.v1.tar';
  const described = layers.map((bytes) => ({ bytes, digest: sha256Of(bytes), mediaType }));
  const manifest = someManifest({ layers: described.map(descriptorOf) });
  for (const bytes of [Buffer.from('{}'), ...layers]) await pushBlob(repository, bytes);
  await putManifest(`${registry.host}/${repository}`, tag, Buffer.from(manifest.bytes));
  pushed.add(manifest.digest);
}

/** Every file of a target under its digest, with what tells whether it was written again. */
async function filesIn(name: string): Promise<Map<string, string>> {
  const names = await readdir(targetFolder(name)).catch(() => []);
  const facts = names.map(async (file): Promise<[string, string]> => {
    const { ino, mtimeNs } = await stat(join(targetFolder(name), file), { bigint: true });
    return [file, `${ino} ${mtimeNs}`];
  });
  return new Map(await Promise.all(facts));
}

async function requireTrue(name: string): Promise<void> {
  for (const file of (await filesIn(name)).keys()) {
    expect(sha256Of(await readFile(join(targetFolder(name), file)))).toBe(file);
  }
}

/** What the index of a target says that it holds; nothing where there is none. */
async function claimsOf(name: string): Promise<string[]> {
  const read = (file: string) => readFile(join(folder, name, 'archeion', file));
  const pointer = parseIndexPointer(String(await read('index').catch(() => '')));
  if (pointer === undefined) return [];
  const index = readDigestIndex(await read(pointer.file));
  return index.ok ? [...recordsIn(index.file)].map(({ hex }) => hex) : expect.fail(index.problem);
}

async function requireComplete(name: string): Promise<void> {
  await requireTrue(name);
  expect([...(await filesIn(name)).keys()].sort()).toEqual([...pushed].sort());
  expect(await claimsOf(name)).toEqual([...pushed].map((digest) => digest.slice(7, 27)).sort());
}

/** One that takes long says how far it is, and nothing else. */
function requireGood({ code, stderr }: FinishedProcess): void {
  expect(stderr).not.toContain('archeion: ');
  expect(code).toBe(0);
}

test(`${KILLS} kills leave nothing wrong, and nothing is written twice; the run that is let ends it`, async () => {
  const seen = { dublin: new Map<string, string>(), paris: new Map<string, string>() };
  let killed = 0;
  for (let round = 0; round < KILLS; round += 1) {
    const tags = Array.from({ length: IMAGES_EACH }, (_, count) => `r${round}-${count}`);
    await Promise.all(tags.map((tag, place) => pushImage(`team/app${place % 3}`, tag)));
    const running = startProcess(process.execPath, line());
    await sleep(randomInt(KILLED_WITHIN.least, KILLED_WITHIN.most));
    killed += (await running.stop('SIGKILL')) === 137 ? 1 : 0;
    for (const [name, before] of Object.entries(seen)) {
      await requireTrue(name);
      const now = await filesIn(name);
      for (const [file, facts] of before) expect(now.get(file)).toBe(facts);
      for (const [file, facts] of now) before.set(file, facts);
      const held = [...now.keys()].map((file) => file.slice(7, 27));
      expect(held).toEqual(expect.arrayContaining(await claimsOf(name)));
    }
  }
  // On a fast machine some are too late.
  expect(killed).toBeGreaterThan(KILLS / 4);
  requireGood(await runProcess(process.execPath, line()));
  for (const [name, before] of Object.entries(seen)) {
    await requireComplete(name);
    const now = await filesIn(name);
    for (const [file, facts] of before) expect(now.get(file)).toBe(facts);
  }
}, 300_000);

test('two runs at once to the same targets both end well, and the indexes have all', async () => {
  for (let count = 0; count < 20; count += 1) await pushImage('team/both', `v${count}`);
  const runs = [line(), line()].map((args) => runProcess(process.execPath, args));
  for (const ended of await Promise.all(runs)) requireGood(ended);
  await requireComplete('dublin');
  await requireComplete('paris');
}, 120_000);
