// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { addImage, addIndex, addReferrer } from '../../../test/support/registry-images.ts';
import { all, textAt } from '../../../test/support/storage-reading.ts';
import { type Digest, hexOf } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { blobKey, linkKey, manifestKey, referrerKey, tagKey } from '../store/layout.ts';
import { digestOf } from '../store/verify-body.ts';
import { importImage } from '../transfer/import.ts';
import { memorySource } from '../transfer/memory-source.ts';
import { type VerifyOptions, verifyStore } from './verify-store.ts';

const REPOSITORY = 'team/app';
const OTHER = digestOf('something else');

/** An index of two images with a referrer, in two repositories. */
async function filled() {
  const storage = memoryDriver();
  const source = memorySource('test');
  const platforms = [addImage(source, 'amd64'), addImage(source, 'arm64')] as const;
  const index = addIndex(source, platforms);
  const referrer = addReferrer(source, index, 'text/signature');
  source.tag('v1', index.digest);
  for (const repository of [REPOSITORY, 'copy']) {
    await importImage({ source, storage, repository, reference: 'v1', tag: 'v1' });
  }
  return { storage, index, platforms, referrer, layer: digestOf('amd64') };
}

async function verify(storage: StorageDriver, options: Partial<VerifyOptions> = {}) {
  return all(verifyStore({ storage, ...options }).findings);
}

/** Changes a JSON document in its place. */
async function change(storage: StorageDriver, key: string, fields: object): Promise<void> {
  const document = JSON.parse((await textAt(storage, key)) ?? '{}');
  await storage.write(key, JSON.stringify({ ...document, ...fields }));
}

test('nothing is found in a store that is whole, and all of it was read', async () => {
  const { storage } = await filled();
  const { findings, progress } = verifyStore({ storage });
  expect(await all(findings)).toEqual([]);
  const objects = await all(storage.list(''));
  const blobs = objects.filter(({ key }) => key.startsWith('blobs/'));
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  expect(progress()).toEqual({ objects: objects.length, bytes });
});

test('an empty store lacks its mark only', async () => {
  expect(await verify(memoryDriver())).toMatchObject([{ key: 'layout', severity: 'damage' }]);
});

interface Filled extends Awaited<ReturnType<typeof filled>> {
  readonly [name: string]: unknown;
}

/** What is done to a store, and what is then said about which keys. */
type Damage = readonly [
  string,
  (store: Filled) => Promise<unknown>,
  (store: Filled) => Record<string, string>,
];

const recordKey = ({ index }: Filled) => manifestKey(REPOSITORY, index.digest);
const entryKey = ({ index, referrer }: Filled) =>
  referrerKey({ repository: REPOSITORY, subject: index.digest, referrer: referrer.digest });

const DAMAGES: readonly Damage[] = [
  [
    'other bytes in a blob',
    ({ storage, layer }) => storage.write(blobKey(layer), 'AMD64'),
    ({ layer }) => ({ [blobKey(layer)]: `its 5 bytes are those of "${digestOf('AMD64')}"` }),
  ],
  [
    'an empty blob',
    ({ storage, layer }) => storage.write(blobKey(layer), ''),
    ({ layer }) => ({ [blobKey(layer)]: 'its 0 bytes are those of' }),
  ],
  [
    'bytes that are gone',
    ({ storage, layer }) => storage.remove(blobKey(layer)),
    ({ layer }) => ({
      [linkKey(layer, 'copy')]: 'whose bytes are gone',
      [linkKey(layer, REPOSITORY)]: 'whose bytes are gone',
    }),
  ],
  [
    'a link that is gone',
    ({ storage, layer }) => storage.remove(linkKey(layer, REPOSITORY)),
    ({ platforms, layer }) => ({
      [manifestKey(REPOSITORY, platforms[0].digest)]: `lacks its blob "${layer}"`,
    }),
  ],
  [
    'a manifest whose link is gone',
    ({ storage, index }) => storage.remove(linkKey(index.digest, REPOSITORY)),
    (store) => ({ [recordKey(store)]: 'does not link its bytes' }),
  ],
  [
    'a record that is gone',
    ({ storage, platforms }) => storage.remove(manifestKey(REPOSITORY, platforms[1].digest)),
    (store) => ({ [recordKey(store)]: `lacks the manifest "${store.platforms[1].digest}"` }),
  ],
  [
    'a record that is no JSON',
    (store) => store.storage.write(recordKey(store), '{'),
    (store) => ({ [recordKey(store)]: 'no JSON' }),
  ],
  [
    'a record of something else',
    (store) => store.storage.write(recordKey(store), '{}'),
    (store) => ({ [recordKey(store)]: 'no record of a manifest' }),
  ],
  [
    'a record with another size',
    (store) => change(store.storage, recordKey(store), { size: 1 }),
    (store) => ({
      [recordKey(store)]: 'another size than its bytes',
      [tagKey(REPOSITORY, 'v1')]: 'another media type or size',
    }),
  ],
  [
    'a record with other children',
    (store) => change(store.storage, recordKey(store), { children: { manifests: [], blobs: [] } }),
    (store) => ({ [recordKey(store)]: 'another children than its bytes' }),
  ],
  [
    'a record with another media type',
    (store) => change(store.storage, recordKey(store), { mediaType: 'text/plain' }),
    (store) => ({
      [recordKey(store)]: 'the manifest is malformed',
      [tagKey(REPOSITORY, 'v1')]: 'another media type or size',
    }),
  ],
  [
    'a tag that is no JSON',
    ({ storage }) => storage.write(tagKey(REPOSITORY, 'v1'), 'x'),
    () => ({ [tagKey(REPOSITORY, 'v1')]: 'no JSON' }),
  ],
  [
    'a tag without a time',
    ({ storage }) => change(storage, tagKey(REPOSITORY, 'v1'), { pushedAt: 'x' }),
    () => ({ [tagKey(REPOSITORY, 'v1')]: 'when it was pushed' }),
  ],
  [
    'a tag that points nowhere',
    ({ storage }) => change(storage, tagKey(REPOSITORY, 'v1'), { digest: OTHER }),
    () => ({ [tagKey(REPOSITORY, 'v1')]: `the manifest "${OTHER}" it points at is not there` }),
  ],
  [
    'an entry of referrers that is gone',
    (store) => store.storage.remove(entryKey(store)),
    ({ referrer, index }) => ({
      [manifestKey(REPOSITORY, referrer.digest)]: `no list of referrers of "${index.digest}"`,
    }),
  ],
  [
    'an entry of referrers that is damaged',
    (store) => store.storage.write(entryKey(store), '[]'),
    (store) => ({ [entryKey(store)]: 'a referrer that is no object' }),
  ],
  [
    'an entry of referrers with another size',
    (store) => change(store.storage, entryKey(store), { size: 1 }),
    (store) => ({ [entryKey(store)]: 'another digest, media type or size' }),
  ],
  [
    'an entry of referrers about something else',
    async ({ storage, referrer }) => {
      const place = { repository: REPOSITORY, subject: OTHER, referrer: referrer.digest };
      await storage.write(referrerKey(place), JSON.stringify(referrer));
    },
    ({ referrer }) => ({
      [referrerKey({ repository: REPOSITORY, subject: OTHER, referrer: referrer.digest })]:
        'is about something else',
    }),
  ],
  [
    'a key that no registry has',
    ({ storage }) => storage.write('blobs/sha256/x', ''),
    () => ({ 'blobs/sha256/x': 'no such object' }),
  ],
  [
    'another mark',
    ({ storage }) => storage.write('layout', '{}'),
    () => ({ layout: 'the layout has no version' }),
  ],
];

describe('damage', () => {
  test.each(DAMAGES)('%s is found, and nothing else', async (_, harm, expected) => {
    const store: Filled = await filled();
    await harm(store);
    const findings = await verify(store.storage);
    expect(Object.fromEntries(findings.map(({ key, problem }) => [key, problem]))).toEqual(
      Object.fromEntries(
        Object.entries(expected(store)).map(([key, text]) => [key, expect.stringContaining(text)]),
      ),
    );
    expect(new Set(findings.map(({ severity }) => severity))).toEqual(new Set(['damage']));
  });

  test('the bytes of a manifest that are gone are found at its record, too', async () => {
    const { storage, referrer } = await filled();
    await storage.remove(blobKey(referrer.digest));
    expect((await verify(storage)).map(({ key }) => key)).toEqual([
      linkKey(referrer.digest, 'copy'),
      linkKey(referrer.digest, REPOSITORY),
      manifestKey('copy', referrer.digest),
      manifestKey(REPOSITORY, referrer.digest),
    ]);
  });

  test('an object that cannot be read is one finding, and the others are looked at', async () => {
    const { storage, layer } = await filled();
    const key = blobKey(layer);
    const failing: StorageDriver = {
      ...storage,
      async read(asked, range, signal) {
        if (asked === key) throw new StorageError('failed', key, 'EIO');
        return storage.read(asked, range, signal);
      },
    };
    expect(await verify(failing)).toMatchObject([{ key, problem: 'it cannot be read: EIO' }]);
  });

  test('the store of a newer program is not judged', async () => {
    const { storage } = await filled();
    await storage.write('layout', '{"version":2}');
    await expect(verify(storage)).rejects.toMatchObject({ code: 'newer-layout' });
  });
});

describe('what is unusual is noted', () => {
  test('a referrer whose subject is not there', async () => {
    const { storage, index } = await filled();
    await storage.remove(manifestKey('copy', index.digest));
    await storage.remove(tagKey('copy', 'v1'));
    expect(await verify(storage)).toMatchObject([
      { severity: 'note', problem: expect.stringContaining('its subject is not there') },
    ]);
  });

  test('a blob that nobody links', async () => {
    const { storage } = await filled();
    await storage.write(blobKey(OTHER), 'something else');
    expect(await verify(storage)).toMatchObject([{ severity: 'note', key: blobKey(OTHER) }]);
  });

  test('missing manifests are not, when they may be missing', async () => {
    const { storage, platforms } = await filled();
    await storage.remove(manifestKey('copy', platforms[0].digest));
    expect(await verify(storage)).toHaveLength(1);
    expect(await verify(storage, { acceptsMissing: true })).toEqual([]);
  });

  test('foreign layers may be anywhere', async () => {
    const storage = memoryDriver();
    const source = memorySource('test');
    const layer = {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      digest: OTHER,
      size: 14,
    };
    source.tag('v1', addImage(source, 'x', { layers: [layer] }).digest);
    await importImage({ source, storage, repository: 'a', reference: 'v1', tag: 'v1' });
    expect(await verify(storage)).toEqual([]);
  });
});

test('one repository is looked at with the blobs it links, and no other', async () => {
  const { storage, layer, index } = await filled();
  await storage.remove(linkKey(layer, 'copy'));
  await storage.remove(tagKey('copy', 'v1'));
  await storage.write(blobKey(index.digest), 'x');
  const found = await verify(storage, { repository: REPOSITORY });
  expect(found.map(({ key }) => key)).toEqual([
    blobKey(index.digest),
    manifestKey(REPOSITORY, index.digest),
  ]);
});

test('a write that comes while it looks is no damage', async () => {
  const { storage, index } = await filled();
  const key = manifestKey(REPOSITORY, index.digest);
  const record = (await textAt(storage, key)) ?? '';
  await storage.remove(key);
  let looks = 0;
  // The record comes between the two looks at the tag.
  const racing: StorageDriver = {
    ...storage,
    async read(asked, range, signal) {
      const found = await storage.read(asked, range, signal);
      if (asked === tagKey(REPOSITORY, 'v1') && ++looks === 2) await storage.write(key, record);
      return found;
    },
  };
  const found = await verify(racing);
  expect(found.filter(({ severity }) => severity === 'damage')).toEqual([]);
  expect(looks).toBe(2);
});

test('it stops when it is told to', async () => {
  const { storage } = await filled();
  await expect(verify(storage, { signal: AbortSignal.abort() })).rejects.toThrow();
});

test('sha512 is hashed as such', async () => {
  const { storage } = await filled();
  const digest: Digest = digestOf('x', 'sha512');
  await storage.write(blobKey(digest), 'x');
  expect(hexOf(digest)).toHaveLength(128);
  expect(await verify(storage)).toMatchObject([{ severity: 'note', key: blobKey(digest) }]);
});
