// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { type FakeMirrorSource, fakeMirrorSource } from '../../../test/support/mirror-source.ts';
import { prunedWorld, shortOf } from '../../../test/support/pruned-world.ts';
import { crashingDriver } from '../../../test/support/registry-faults.ts';
import { addImage, addReferrer } from '../../../test/support/registry-images.ts';
import { textAt } from '../../../test/support/storage-reading.ts';
import { digestOf } from '../../registry/store/verify-body.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { formatKnown } from '../known-repository.ts';
import { sourceFolder } from '../source-memory.ts';

const IMAGES = 'containers/images/';
const LAYER = digestOf('amd64');
const KEY = `${IMAGES}${LAYER}`;
const WRONG = 'AMD64';

function filledSource(): FakeMirrorSource {
  const source = fakeMirrorSource();
  const image = addImage(source.images, 'amd64');
  source.tag('team/app', 'v1', image.digest);
  source.tag('tool', 'v1', addImage(source.images, 'arm64').digest);
  return source;
}

/** Filled, and with one blob that has come to harm. */
async function harmed(source = filledSource()) {
  const own = prunedWorld(source);
  expect(await own.run()).toEqual([]);
  expect(await textAt(own.store, KEY)).toBe('amd64');
  await own.store.write(KEY, WRONG);
  return own;
}

/** As if the source had lost a blob. */
function lacking(source: FakeMirrorSource): FakeMirrorSource {
  const content: FakeMirrorSource['content'] = (repository) => {
    const inner = source.content(repository);
    return {
      ...inner,
      fetchBlob: async (digest, signal) =>
        digest === LAYER ? undefined : inner.fetchBlob(digest, signal),
    };
  };
  return { ...source, content };
}

test('what is corrupt is replaced, and claimed before and after', async () => {
  const own = await harmed();
  const { findings, problems } = await own.verify();
  expect(problems).toEqual([]);
  expect(findings).toMatchObject([{ kind: 'corrupt', object: LAYER, target: 'dublin' }]);
  expect(await own.claims()).toContain(shortOf(LAYER));
  expect((await own.repair()).problems).toEqual([]);
  expect(await textAt(own.store, KEY)).toBe('amd64');
  expect(await own.claims()).toContain(shortOf(LAYER));
  expect((await own.verify()).findings).toEqual([]);
});

test('what is corrupt and cannot be had goes out of the index, stays where it is, and comes back when it is replaced', async () => {
  const source = filledSource();
  const own = await harmed(source);
  const { problems } = await own.repair(own.store, lacking(source));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(LAYER);
  expect(await textAt(own.store, KEY)).toBe(WRONG);
  expect(await own.claims()).not.toContain(shortOf(LAYER));
  expect(await own.run()).toEqual([]);
  expect(await own.claims()).not.toContain(shortOf(LAYER));
  expect((await own.repair()).problems).toEqual([]);
  expect(await own.claims()).toContain(shortOf(LAYER));
});

test('a repair that dies at any of its operations leaves what was there or what should be, and is done by the next', async () => {
  const attempt = async (fatal: number, isDone: boolean) => {
    const own = await harmed();
    const crash = crashingDriver(own.store, fatal, isDone);
    await own.repair(crash.storage);
    expect([WRONG, 'amd64']).toContain(await textAt(own.store, KEY));
    await own.run();
    expect((await own.repair()).problems).toEqual([]);
    expect((await own.verify()).findings).toEqual([]);
    expect(await own.claims()).toEqual((await own.held()).map(shortOf));
    return crash.begun();
  };
  const operations = await attempt(Number.POSITIVE_INFINITY, false);
  for (let fatal = 1; fatal <= operations; fatal += 1) {
    await attempt(fatal, false);
    await attempt(fatal, true);
  }
});

test('what cannot be read is a problem, and the rest is looked at', async () => {
  const own = await harmed();
  const read: StorageDriver['read'] = async (key, ...rest) => {
    if (key === `${IMAGES}${digestOf('arm64')}`) throw new StorageError('failed', key, 'broken');
    return own.store.read(key, ...rest);
  };
  const { findings, problems } = await own.verify({ ...own.store, read });
  expect(findings).toMatchObject([{ kind: 'corrupt', object: LAYER }]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(`dublin: ${digestOf('arm64')} cannot be read: broken`);
});

test('what only the source knows of is found, whatever a target remembers', async () => {
  const source = filledSource();
  const own = prunedWorld(source);
  await own.run();
  const image = source.pointedAt('team/app', 'v1') ?? expect.fail('it points');
  const about = await source.images.fetchManifest(image, new AbortController().signal);
  const { mediaType = '', bytes = new Uint8Array() } = about ?? {};
  const subject = { mediaType, digest: image, size: bytes.byteLength };
  const signature = addReferrer(source.images, subject, 'text/signature');
  expect(await own.run()).toEqual([]);
  expect((await own.verify()).findings).toContainEqual(
    expect.objectContaining({ kind: 'missing', object: signature.digest }),
  );
});

test('what a mirror of another source remembers is not unreferenced, and what it has written wrong keeps everything', async () => {
  const own = prunedWorld(filledSource());
  const [theirs, foreign, nobodys] = ['theirs', 'from elsewhere', 'nobody’s'];
  for (const bytes of [theirs, foreign, nobodys]) {
    await own.store.write(`${IMAGES}${digestOf(bytes)}`, bytes);
  }
  await own.run();
  const other = `${sourceFolder('https://other.example')}/${'a'.repeat(64)}.json`;
  const manifest = {
    mediaType: 'text/x',
    size: 1,
    manifests: [],
    blobs: [[digestOf(theirs), 6] as const],
    foreign: 1,
    elsewhere: [{ digest: digestOf(foreign), size: foreign.length, urls: [] }],
    referrers: [],
  };
  const manifests = new Map([[digestOf('a manifest'), manifest]]);
  await own.store.write(other, formatKnown({ tags: new Map(), manifests, referrersAt: 0 }));
  expect((await own.verify()).findings).toMatchObject([
    { kind: 'unreferenced', object: digestOf(nobodys) },
  ]);
  await own.store.write(other, '{');
  const problems = await own.prune(0);
  expect(problems[0]).toMatch('what another mirror remembers is not readable');
  expect(problems[1]).toBe('not all of dublin could be looked at');
  expect(await own.claims()).toContain(shortOf(digestOf(nobodys)));
});

test('an index that no front would believe is found, and made anew by a repair', async () => {
  const own = prunedWorld(filledSource());
  await own.run();
  own.clock.now += 3 * 3_600_000;
  const { findings } = await own.verify();
  expect(findings).toMatchObject([{ kind: 'index', object: 'archeion/index' }]);
  expect(findings[0]?.problem).toMatch(/^it was valid until/);
  await own.repair();
  expect((await own.verify()).findings).toEqual([]);
  await own.store.write('archeion/index', 'nothing');
  expect((await own.verify()).findings[0]?.problem).toBe('its pointer is none');
  await own.store.remove('archeion/index');
  expect((await own.verify()).findings[0]?.problem).toBe('it has none');
});

test('a note that is not readable keeps from pruning, and from publishing what may be about to go', async () => {
  const own = prunedWorld(filledSource());
  await own.run();
  await own.store.write('archeion/mirror/withheld.json', '{');
  expect((await own.run())[0]).toMatch(/index was not published: it is not as it was written/);
  expect(await own.prune(0)).toContain('not all of dublin could be looked at');
});
