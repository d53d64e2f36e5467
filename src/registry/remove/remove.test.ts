// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { putTag } from '../../../test/support/put-tag.ts';
import { toldIn } from '../../../test/support/registry-events.ts';
import { crashingDriver } from '../../../test/support/registry-faults.ts';
import { addImage, addIndex, addReferrer } from '../../../test/support/registry-images.ts';
import { all, keysIn } from '../../../test/support/storage-reading.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { openEventLog } from '../events/event-log.ts';
import { blobKey, linkKey, manifestKey, tagKey } from '../store/layout.ts';
import { digestOf } from '../store/verify-body.ts';
import { importImage } from '../transfer/import.ts';
import { memorySource } from '../transfer/memory-source.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { type RemoveOptions, removeManifest, removeRepository, removeTag } from './remove.ts';

const REPOSITORY = 'team/app';

/** `team/app`: an index of two images with a referrer; a second index over one of the images; `copy` has that image. */
async function filled() {
  const storage = memoryDriver();
  const source = memorySource('test');
  const platforms = [addImage(source, 'amd64'), addImage(source, 'arm64')] as const;
  const index = addIndex(source, platforms);
  const small = addIndex(source, [platforms[0]]);
  const referrer = addReferrer(source, index, 'text/signature');
  const add = (repository: string, tag: string, digest: typeof index.digest) =>
    importImage({ source, storage, repository, reference: digest, tag });
  await add(REPOSITORY, 'v1', index.digest);
  await add(REPOSITORY, 'v1.0', index.digest);
  const options = (fields: Partial<RemoveOptions> = {}): RemoveOptions => ({
    storage,
    repository: REPOSITORY,
    recursive: false,
    settle: async () => {},
    ...fields,
  });
  return { storage, source, index, small, platforms, referrer, add, options };
}

async function expectWhole(storage: StorageDriver): Promise<void> {
  const findings = await all(verifyStore({ storage }).findings);
  expect(findings.filter(({ severity }) => severity === 'damage')).toEqual([]);
}

async function bytesIn(storage: StorageDriver): Promise<number> {
  const blobs = await all(storage.list('blobs/'));
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

describe('a tag', () => {
  test('goes alone', async () => {
    const { storage, options } = await filled();
    const before = await keysIn(storage, '');
    const result = await removeTag(options(), 'v1');
    expect(result).toEqual({ tags: ['v1'], manifests: [], blobs: 0, freed: 0, lost: [] });
    const gone = tagKey(REPOSITORY, 'v1');
    expect(await keysIn(storage, '')).toEqual(before.filter((key) => key !== gone));
  });

  test('that is not there is an error', async () => {
    const { options } = await filled();
    await expect(removeTag(options(), 'v2')).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
  });

  test('that is damaged goes as well', async () => {
    const { storage, options } = await filled();
    await storage.write(tagKey(REPOSITORY, 'v1'), '{');
    expect(await removeTag(options({ recursive: true }), 'v1')).toMatchObject({ tags: ['v1'] });
    await expectWhole(storage);
  });

  test('that is moved at the same moment stays', async () => {
    const { storage, platforms, options } = await filled();
    const moving: StorageDriver = {
      ...storage,
      async remove(key, condition) {
        await putTag(options(), { tag: 'v1', digest: platforms[0].digest, pushedBy: 'x' });
        return storage.remove(key, condition);
      },
    };
    const removal = removeTag(options({ storage: moving }), 'v1');
    await expect(removal).rejects.toMatchObject({ name: 'RemovalError', code: 'moved' });
    expect(await storage.stat(tagKey(REPOSITORY, 'v1'))).toBeDefined();
  });

  test('takes nothing along that another tag leads to', async () => {
    const { storage, options } = await filled();
    const result = await removeTag(options({ recursive: true }), 'v1');
    expect(result).toMatchObject({ manifests: [], kept: 'the tag "v1.0" points at it' });
    await expectWhole(storage);
  });

  test('takes everything along that only it leads to, and frees the bytes', async () => {
    const { storage, referrer, platforms, index, options } = await filled();
    const before = await bytesIn(storage);
    await removeTag(options(), 'v1');
    const result = await removeTag(options({ recursive: true }), 'v1.0');
    const manifests = [index, ...platforms, referrer].map(({ digest }) => digest);
    expect([...result.manifests].sort()).toEqual(manifests.sort());
    // Each image has a config and a layer of its own.
    expect(result).toMatchObject({ tags: ['v1.0'], blobs: 4 + 6, freed: before, lost: [] });
    expect(await keysIn(storage, '')).toEqual(['layout']);
  });

  test('leaves what another index lists, and bytes that another repository holds', async () => {
    const { storage, platforms, small, add, options } = await filled();
    await add(REPOSITORY, 'small', small.digest);
    await add('copy', 'v1', platforms[1].digest);
    await removeTag(options(), 'v1');
    const { manifests, blobs } = await removeTag(options({ recursive: true }), 'v1.0');
    expect(manifests).not.toContain(platforms[0].digest);
    expect(manifests).toContain(platforms[1].digest);
    // The index, the referrer with its config and its layer.
    expect(blobs).toBe(4);
    expect(await storage.stat(blobKey(platforms[1].digest))).toBeDefined();
    expect(await storage.stat(linkKey(platforms[1].digest, REPOSITORY))).toBeUndefined();
    await expectWhole(storage);
  });

  test('leaves a platform with a tag of its own, and what is about that one', async () => {
    const { storage, source, platforms, add, options } = await filled();
    const about = addReferrer(source, platforms[0], 'text/sbom+x');
    await add(REPOSITORY, 'amd64', platforms[0].digest);
    await removeTag(options(), 'v1');
    const { manifests } = await removeTag(options({ recursive: true }), 'v1.0');
    expect(manifests).toHaveLength(3);
    expect(await storage.stat(manifestKey(REPOSITORY, about.digest))).toBeDefined();
    await expectWhole(storage);
  });
});

describe('a manifest', () => {
  test('goes with its tags and its links; what it lists stays', async () => {
    const { storage, index, options } = await filled();
    const result = await removeManifest(options(), index.digest);
    expect(result).toEqual({
      tags: ['v1', 'v1.0'],
      manifests: [index.digest],
      blobs: 1,
      freed: index.size,
      lost: [],
    });
    await expectWhole(storage);
  });

  test('that is about something leaves the list of its subject', async () => {
    const { storage, referrer, options } = await filled();
    const { freed, blobs } = await removeManifest(options(), referrer.digest);
    expect(blobs).toBe(3);
    expect(freed).toBeGreaterThan(referrer.size);
    expect(await keysIn(storage, `repositories/${REPOSITORY}/_referrers/`)).toEqual([]);
    await expectWhole(storage);
  });

  test('that an index lists stays', async () => {
    const { storage, platforms, options } = await filled();
    const before = await keysIn(storage, '');
    const removal = removeManifest(options({ recursive: true }), platforms[0].digest);
    await expect(removal).rejects.toMatchObject({ code: 'needed' });
    expect(await keysIn(storage, '')).toEqual(before);
  });

  test('that is not there is an error', async () => {
    const { options } = await filled();
    const removal = removeManifest(options(), digestOf('none'));
    await expect(removal).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
  });

  test('whose record is damaged goes, and can be pushed again', async () => {
    const { storage, index, add, options } = await filled();
    await storage.write(manifestKey(REPOSITORY, index.digest), '{');
    await removeManifest(options(), index.digest);
    await add(REPOSITORY, 'v1', index.digest);
    await expectWhole(storage);
  });

  test('frees nothing while another record cannot be read, which may need it', async () => {
    const { storage, index, referrer, options } = await filled();
    await storage.write(manifestKey(REPOSITORY, index.digest), '{');
    const result = await removeManifest(options(), referrer.digest);
    expect(result).toMatchObject({ manifests: [referrer.digest], blobs: 0 });
  });
});

describe('a repository', () => {
  test('goes whole, and what others hold stays', async () => {
    const { storage, platforms, index, add, options } = await filled();
    await add(`${REPOSITORY}/below`, 'v1', platforms[0].digest);
    const before = await bytesIn(storage);
    const result = await removeRepository(options());
    expect(result).toMatchObject({ tags: ['v1', 'v1.0'], blobs: 7, lost: [] });
    expect(result.manifests).toHaveLength(4);
    expect(result.freed).toBe(before - (await bytesIn(storage)));
    const left = await keysIn(storage, '');
    expect(left.filter((key) => key.includes(`${REPOSITORY}/_`))).toEqual([]);
    expect(left).not.toContain(linkKey(index.digest, REPOSITORY));
    await expectWhole(storage);
  });

  test('of which only links are left goes, and one that is not there is an error', async () => {
    const { storage, index, options } = await filled();
    await storage.write(linkKey(index.digest, 'links/only'), '');
    const links = options({ repository: 'links/only' });
    expect(await removeRepository(links)).toMatchObject({ tags: [], manifests: [], blobs: 0 });
    await expect(removeRepository(links)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' });
  });

  test('a tag that is moved while it goes does not stay alone', async () => {
    const { storage, index, options } = await filled();
    const record = { digest: index.digest, mediaType: index.mediaType, size: 1, pushedAt: 1 };
    const settle = async () => {
      await storage.write(tagKey(REPOSITORY, 'late'), JSON.stringify(record));
    };
    const { tags } = await removeRepository(options({ settle }));
    expect(tags).toContain('late');
    expect(await keysIn(storage, '')).toEqual(['layout']);
  });
});

describe('a push at the same moment', () => {
  test('of a tag to what goes has all of it come back', async () => {
    const { storage, referrer, options } = await filled();
    const before = await keysIn(storage, '');
    const { digest, mediaType, size } = referrer;
    const settle = async () => {
      const record = { digest, mediaType, size, pushedAt: 1 };
      await storage.write(tagKey(REPOSITORY, 'late'), JSON.stringify(record));
    };
    const { tell } = openEventLog(storage);
    const told = { settle, tell: () => tell({ repository: REPOSITORY, by: 'test' }) };
    const result = await removeManifest(options(told), digest);
    expect(result).toMatchObject({ manifests: [], kept: 'the tag "late" was pushed just now' });
    expect(await toldIn(storage)).toEqual([]);
    expect(await keysIn(storage, '')).toEqual([...before, tagKey(REPOSITORY, 'late')].sort());
    await expectWhole(storage);
  });

  test('of an index that lists what goes has it come back', async () => {
    const { storage, index, small, platforms, add, options } = await filled();
    await removeManifest(options(), index.digest);
    const settle = async () => {
      await storage.write(
        manifestKey(REPOSITORY, small.digest),
        JSON.stringify({ mediaType: 'x', size: 1, children: { manifests: [platforms[0].digest] } }),
      );
    };
    const { kept } = await removeManifest(options({ settle }), platforms[0].digest);
    expect(kept).toBe(`the index "${small.digest}" was pushed just now`);
    await storage.remove(manifestKey(REPOSITORY, small.digest));
    await add(REPOSITORY, 'small', small.digest);
    await expectWhole(storage);
  });

  test('of a manifest that needs a blob of what goes keeps the blob', async () => {
    const { storage, source, index, referrer, add, options } = await filled();
    let settled = 0;
    const other = addImage(source, `about ${index.digest}`);
    // First the records are looked at once more, then the links: it comes in between.
    const settle = async () => {
      settled += 1;
      if (settled === 2) await add(REPOSITORY, 'other', other.digest);
    };
    const result = await removeManifest(options({ settle }), referrer.digest);
    // The referrer's own bytes; its config and its layer are the other's, too.
    expect(result).toMatchObject({ blobs: 1, freed: referrer.size });
    await expectWhole(storage);
  });

  test('that relied on bytes in their last moment is told, and can be repeated', async () => {
    const { storage, referrer, options, add } = await filled();
    const racing: StorageDriver = {
      ...storage,
      async remove(key, condition) {
        if (key === blobKey(referrer.digest)) {
          await storage.write(linkKey(referrer.digest, 'copy'), '');
        }
        return storage.remove(key, condition);
      },
    };
    const { lost } = await removeManifest(options({ storage: racing }), referrer.digest);
    expect(lost).toEqual([referrer.digest]);
    await expectWhole(storage);
    await add('copy', 'v1', referrer.digest);
    await expectWhole(storage);
  });
});

test.each([
  ['before it took effect', false],
  ['after it took effect', true],
])(
  'a removal that crashes at any operation, %s, points at nothing that is gone, and can be repeated',
  async (_, done) => {
    const remove = async (
      storage: StorageDriver,
      { index, options }: Awaited<ReturnType<typeof filled>>,
    ) => removeManifest(options({ storage, recursive: true }), index.digest);
    const counted = await filled();
    const counting = crashingDriver(counted.storage, Number.POSITIVE_INFINITY, done);
    await remove(counting.storage, counted);
    expect(counting.begun()).toBeGreaterThan(50);
    for (let fatal = 1; fatal <= counting.begun(); fatal++) {
      const store = await filled();
      const crash = crashingDriver(store.storage, fatal, done);
      await expect(remove(crash.storage, store)).rejects.toThrow('crashed');
      const findings = await all(verifyStore({ storage: store.storage }).findings);
      // An artifact that no list names any more can still be had by its digest.
      const damaged = findings.filter(
        ({ severity, problem }) =>
          severity === 'damage' && !problem.startsWith('no list of referrers'),
      );
      expect(damaged).toEqual([]);
      await removeRepository(store.options()).catch(() => undefined);
      expect(await keysIn(store.storage, 'repositories/')).toEqual([]);
    }
  },
);
