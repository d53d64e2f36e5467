// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { addImage, addIndex, addReferrer } from '../../../test/support/registry-images.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import { type MemorySource, memorySource } from '../../registry/transfer/memory-source.ts';
import type { TaggedSource } from '../../upstream/image-source.ts';
import { type PlannedImage, planImage } from './plan-image.ts';

/** Plans an image that is put together for it. */
async function planOf(
  add: (images: MemorySource) => Descriptor,
  change: Partial<TaggedSource> = {},
  images = memorySource('test'),
): Promise<PlannedImage> {
  const { digest } = add(images);
  const root = (await images.fetchManifest(digest)) ?? expect.fail('it was added');
  const source = { ...images, listTags: async () => [], ...change };
  const { signal } = new AbortController();
  return planImage({ source, root, includesReferrers: true, signal });
}

describe('a plan of an image', () => {
  test('has what is listed before what lists it, and what is about it behind that', async () => {
    const added: Descriptor[] = [];
    const { manifests, referrers } = await planOf((images) => {
      const platforms = [addImage(images, 'one'), addImage(images, 'two')];
      const index = addIndex(images, platforms);
      added.push(...platforms, index, addReferrer(images, index, 'text/x'));
      return index;
    });
    expect(manifests.map(({ digest }) => digest)).toEqual(added.map(({ digest }) => digest));
    expect(referrers.map(({ digest }) => digest)).toEqual([added[3]?.digest]);
  });

  test('has each blob once, and leaves those of others where they are', async () => {
    const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar';
    const plan = await planOf((images) => {
      const layers = [images.addBlob('text/x', 'one'), images.addBlob(foreign, 'two')];
      return addIndex(images, [
        addImage(images, 'a', { layers }),
        addImage(images, 'b', { layers }),
      ]);
    });
    expect(plan.blobs).toHaveLength(3);
    expect(plan.foreign).toHaveLength(1);
  });

  test('is of no image that lists what its source lacks', async () => {
    const gone = { mediaType: '', digest: '', size: 1 };
    const plan = planOf((images) => {
      const child = addImage(memorySource('other'), 'one');
      return addIndex(images, [{ ...gone, ...child }]);
    });
    await expect(plan).rejects.toMatchObject({ code: 'missing' });
  });

  test('is of no image whose index says another size than there is', async () => {
    const plan = planOf((images) => {
      const child = addImage(images, 'one');
      return addIndex(images, [{ ...child, size: child.size + 1 }]);
    });
    await expect(plan).rejects.toMatchObject({ code: 'invalid' });
  });

  test('is of no image with two sizes of one blob', async () => {
    const plan = planOf((images) => {
      const layer = images.addBlob('text/x', 'one');
      const layers = [layer, { ...layer, size: 9 }];
      return addImage(images, 'a', { layers });
    });
    await expect(plan).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('threat 25: an image without an end is given up', () => {
  test('that is nested like a bomb', async () => {
    const plan = planOf((images) => {
      let below = addImage(images, 'one');
      for (let depth = 0; depth < 13; depth += 1) below = addIndex(images, [below]);
      return below;
    });
    await expect(plan).rejects.toMatchObject({ code: 'limit' });
  });

  test('that has more referrers than anybody could verify', async () => {
    const images = memorySource('test');
    const known = addImage(images, 'known');
    const listReferrers = async () =>
      Array.from({ length: 10_001 }, (_, number) => {
        const hex = `${number}`.padStart(64, '0');
        return { ...known, digest: `sha256:${hex}` as Descriptor['digest'] }; // fits the grammar
      });
    let fetched = 0;
    const fetchManifest: TaggedSource['fetchManifest'] = async (reference) => {
      fetched += 1;
      const found = await images.fetchManifest(known.digest);
      return found && { ...found, digest: reference as Descriptor['digest'] }; // as it was asked for
    };
    const plan = planOf((own) => addImage(own, 'one'), { listReferrers, fetchManifest });
    await expect(plan).rejects.toMatchObject({ code: 'limit' });
    expect(fetched).toBe(0);
  });
});

test('threat 24: an index bomb is walked in linear time', async () => {
  let fetched = 0;
  const images = memorySource('test');
  const fetchManifest: TaggedSource['fetchManifest'] = (reference) => {
    fetched += 1;
    return images.fetchManifest(reference);
  };
  const bomb = () => {
    let level = [addImage(images, 'one')];
    for (let depth = 0; depth < 10; depth += 1) {
      const below = level;
      level = Array.from({ length: 20 }, (_, number) =>
        addIndex(images, below, { annotations: { number: `${number}` } }),
      );
    }
    return addIndex(images, level);
  };
  const { manifests } = await planOf(bomb, { fetchManifest }, images);
  expect(manifests).toHaveLength(202);
  expect(fetched).toBe(201);
});
