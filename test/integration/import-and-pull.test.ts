// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { memorySource } from '../../src/registry/transfer/memory-source.ts';
import { sampleImage } from '../../src/registry/transfer/sample-image.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import type { ImageSource } from '../../src/upstream/image-source.ts';
import { crashingDriver } from '../support/registry-faults.ts';
import { addImage, addIndex, addReferrer } from '../support/registry-images.ts';
import { pullAll } from '../support/registry-reading.ts';
import { ask, someRequest } from '../support/registry-requests.ts';
import { keysIn } from '../support/storage-reading.ts';

const REPOSITORY = 'team/sample';
/** An index, two manifests, two configs, four layers; the bill of materials, its config and its layer. */
const EVERYTHING = 12;
const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archeion-registry-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

function importSample(storage: StorageDriver, source: ImageSource = sampleImage()) {
  return importImage({
    source,
    storage,
    repository: REPOSITORY,
    reference: 'v1',
    tag: 'v1',
  });
}

const STORES: ReadonlyArray<readonly [string, () => Promise<StorageDriver>]> = [
  ['memory', async () => memoryDriver()],
  ['files', async () => filesystemDriver(await newFolder())],
];

describe.each(STORES)('an image imported into %s', (_, open) => {
  test('is read back whole', async () => {
    const storage = await open();
    const { digest } = await importSample(storage);
    const pull = pullHandler({ storage, log: silentLog });
    const digests = await pullAll(pull, REPOSITORY, 'v1');
    expect(digests[0]).toBe(digest);
    expect(digests).toHaveLength(EVERYTHING);
    expect((await pullAll(pull, REPOSITORY, digest)).sort()).toEqual(digests.sort());
  });

  test('is imported by several at once as by one', async () => {
    const storage = await open();
    const results = await Promise.all([1, 2, 3].map(() => importSample(storage)));
    expect(new Set(results.map(({ digest }) => digest)).size).toBe(1);
    const pull = pullHandler({ storage, log: silentLog });
    expect(await pullAll(pull, REPOSITORY, 'v1')).toHaveLength(EVERYTHING);
  });
});

/** Of the sample's shape but small, to be pulled hundreds of times. */
function smallImage(): ImageSource {
  const source = memorySource('a small image');
  const index = addIndex(source, [addImage(source, 'amd64'), addImage(source, 'arm64')]);
  addReferrer(source, index, 'text/signature');
  source.tag('v1', index.digest);
  return source;
}

/** Whatever can be found can be pulled: tags with all they lead to, manifests, and referrers in lists. */
async function expectConsistent(storage: StorageDriver): Promise<void> {
  const pull = pullHandler({ storage, log: silentLog });
  const prefix = `repositories/${REPOSITORY}/_`;
  const tags = await keysIn(storage, `${prefix}tags/`);
  for (const key of tags) await pullAll(pull, REPOSITORY, key.slice(`${prefix}tags/`.length));
  const manifests = await keysIn(storage, `${prefix}manifests/`);
  for (const key of manifests) {
    await pullAll(pull, REPOSITORY, key.slice(`${prefix}manifests/`.length).replace('/', ':'));
  }
}

async function hasTag(storage: StorageDriver): Promise<boolean> {
  const target = `/v2/${REPOSITORY}/manifests/v1`;
  const answer = ask(pullHandler({ storage, log: silentLog }), someRequest(target));
  return answer.then(
    () => true,
    () => false,
  );
}

test.each([
  ['before it took effect', false],
  ['after it took effect', true],
])('an import that crashes at any operation, %s, leaves nothing half done', async (_, done) => {
  const source = smallImage();
  const whole = crashingDriver(memoryDriver(), Number.POSITIVE_INFINITY, done);
  await importSample(whole.storage, source);
  expect(whole.begun()).toBeGreaterThan(50);
  const tagged: number[] = [];
  for (let fatal = 1; fatal <= whole.begun(); fatal++) {
    const storage = memoryDriver();
    await expect(
      importSample(crashingDriver(storage, fatal, done).storage, source),
    ).rejects.toThrow();
    await expectConsistent(storage);
    if (await hasTag(storage)) tagged.push(fatal);
    await importSample(storage, source);
    await expectConsistent(storage);
    expect(await hasTag(storage)).toBe(true);
  }
  // The tag is the very last operation: it shows only when that one took effect.
  expect(tagged).toEqual(done ? [whole.begun()] : []);
});

test('an import into files that crashes leaves no tag, and is completed by another one', async () => {
  for (const fatal of [5, 20, 40, 60]) {
    const folder = await newFolder();
    const crashing = crashingDriver(filesystemDriver(folder), fatal, true);
    await expect(importSample(crashing.storage)).rejects.toThrow('crashed');
    const storage = filesystemDriver(folder);
    await expectConsistent(storage);
    expect(await hasTag(storage)).toBe(false);
    await importSample(storage);
    expect(await hasTag(storage)).toBe(true);
  }
});
