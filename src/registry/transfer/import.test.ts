// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { addImage, addIndex, addReferrer } from '../../../test/support/registry-images.ts';
import { pullAll } from '../../../test/support/registry-reading.ts';
import { inChunks, keysIn } from '../../../test/support/storage-reading.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import { OCI_MANIFEST } from '../../core/oci/media-type.ts';
import { silentLog } from '../../log.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import type { ImageSource } from '../../upstream/image-source.ts';
import { pullHandler } from '../pull-handler.ts';
import { digestOf } from '../store/verify-body.ts';
import { importImage } from './import.ts';
import type { ImportStep } from './import-blobs.ts';
import { type MemorySource, memorySource } from './memory-source.ts';
import { sampleImage } from './sample-image.ts';

const TARGET = { repository: 'team/app', reference: 'v1', tag: 'stable' };

function importing(source: ImageSource, fields: object = {}) {
  const storage = memoryDriver();
  const handler = pullHandler({ storage, log: silentLog });
  return { storage, handler, run: () => importImage({ source, storage, ...TARGET, ...fields }) };
}

/** A source with one image under the tag `v1`. */
function sourceOf(build: (source: MemorySource) => Descriptor): MemorySource {
  const source = memorySource('the source');
  source.tag('v1', build(source).digest);
  return source;
}

describe('importImage', () => {
  test('copies an image with its platforms and referrers, and skips what is there', async () => {
    const source = sampleImage();
    const { handler, run } = importing(source);
    const first = await run();
    expect(first).toMatchObject({ manifests: 4, blobs: 8, skipped: 0, foreign: [] });
    expect(await pullAll(handler, TARGET.repository, 'stable')).toHaveLength(12);
    const { digest } = first;
    expect(await run()).toEqual({
      digest,
      manifests: 0,
      blobs: 0,
      bytes: 0,
      skipped: 12,
      foreign: [],
    });
  });

  test('links what another repository brought instead of copying it', async () => {
    const { storage, handler, run } = importing(sampleImage());
    await run();
    const other = { ...TARGET, repository: 'other' };
    const second = await importImage({ source: sampleImage(), storage, ...other });
    expect(second).toMatchObject({ manifests: 4, blobs: 0, skipped: 8 });
    expect(await pullAll(handler, 'other', 'stable')).toHaveLength(12);
  });

  test('follows referrers of children and of referrers, and indexes of indexes', async () => {
    const source = sourceOf((images) => {
      const image = addImage(images, 'one');
      const signature = addReferrer(images, image, 'text/signature');
      addReferrer(images, signature, 'text/countersignature');
      return addIndex(images, [addIndex(images, [image, addImage(images, 'two')])]);
    });
    const { handler, run } = importing(source);
    expect(await run()).toMatchObject({ manifests: 6, blobs: 8 });
    expect(await pullAll(handler, TARGET.repository, 'stable')).toHaveLength(14);
  });

  test('visits each digest once, in whatever circles the source leads', async () => {
    const source = sourceOf((images) => {
      const image = addImage(images, 'one');
      addReferrer(images, image, 'text/plain');
      return addIndex(images, [image, image, addIndex(images, [image])]);
    });
    const everything = [...(await source.listReferrers((await root(source)).digest))];
    const circular = { ...source, listReferrers: async () => [...everything, await root(source)] };
    const { run } = importing(circular);
    expect(await run()).toMatchObject({ manifests: 3, skipped: 0 });
  });

  test('tells every step', async () => {
    const steps: ImportStep[] = [];
    const source = sourceOf((images) => addImage(images, 'one'));
    const { run } = importing(source, { progress: (step: ImportStep) => steps.push(step) });
    await run();
    await run();
    expect(steps.map(({ kind }) => kind)).toEqual([
      'blob-copied',
      'blob-copied',
      'manifest-copied',
      'blob-present',
      'blob-present',
      'manifest-present',
    ]);
  });

  test('stores as a blob what an index lists that is no manifest', async () => {
    const source = sourceOf((images) => addIndex(images, [images.addBlob('text/cache', 'layer')]));
    const { run } = importing(source);
    expect(await run()).toMatchObject({ manifests: 1, blobs: 1 });
  });

  test('leaves foreign layers where they are, and says so (CVE-2020-15157)', async () => {
    const digest = digestOf('elsewhere');
    const mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    const layer = { mediaType, digest, size: 9, urls: ['http://169.254.169.254/'] };
    const source = sourceOf((images) => addImage(images, 'one', { layers: [layer] }));
    const { run } = importing(source);
    expect(await run()).toMatchObject({ blobs: 1, foreign: [digest] });
  });
});

async function root(source: ImageSource): Promise<Descriptor> {
  const found = await source.fetchManifest('v1');
  const { digest, mediaType, bytes } = found ?? { digest: digestOf(''), mediaType: '', bytes: '' };
  return { digest, mediaType, size: bytes.length };
}

async function* shuffled(
  body: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of body ?? []) yield chunk.toReversed();
}

describe('threat 22: importImage leaves no tag when', () => {
  const lying = (source: MemorySource, lies: Partial<ImageSource>): ImageSource => ({
    ...source,
    ...lies,
  });
  const oneImage = () => sourceOf((images) => addIndex(images, [addImage(images, 'one')]));
  const nested = (depth: number) =>
    sourceOf((images) => {
      let index = addImage(images, 'one');
      for (let level = 0; level < depth; level++) index = addIndex(images, [index]);
      return index;
    });
  const child = { mediaType: OCI_MANIFEST, digest: digestOf('none'), size: 1 };

  test.each<[string, ImageSource, string]>([
    ['the image is not there', memorySource('empty'), 'missing'],
    ['a listed manifest is not there', sourceOf((images) => addIndex(images, [child])), 'missing'],
    ['a blob is not there', lying(oneImage(), { fetchBlob: async () => undefined }), 'missing'],
    [
      'a blob has other bytes of the same size',
      lying(oneImage(), {
        fetchBlob: async (digest) => shuffled(await oneImage().fetchBlob(digest)),
      }),
      'DIGEST_INVALID',
    ],
    [
      'a blob ends before its end',
      lying(oneImage(), { fetchBlob: async () => inChunks(['x']) }),
      'SIZE_INVALID',
    ],
    ['a blob is empty', lying(oneImage(), { fetchBlob: async () => inChunks([]) }), 'SIZE_INVALID'],
    [
      'a blob is longer than it says',
      lying(oneImage(), { fetchBlob: async () => inChunks(['x'.repeat(99)]) }),
      'SIZE_INVALID',
    ],
    [
      'a manifest has other bytes than its digest',
      lying(oneImage(), {
        fetchManifest: async () => ({
          digest: digestOf('x'),
          mediaType: OCI_MANIFEST,
          bytes: Buffer.from('{}'),
        }),
      }),
      'DIGEST_INVALID',
    ],
    [
      'a manifest is larger than anybody takes',
      lying(oneImage(), {
        fetchManifest: async () => ({
          digest: digestOf('x'),
          mediaType: OCI_MANIFEST,
          bytes: Buffer.alloc(4 * 1024 * 1024 + 1),
        }),
      }),
      'MANIFEST_INVALID',
    ],
    [
      'a manifest is malformed',
      sourceOf((images) => images.addManifest({ mediaType: OCI_MANIFEST })),
      'MANIFEST_INVALID',
    ],
    [
      'an index states another size',
      sourceOf((images) => addIndex(images, [{ ...addImage(images, 'one'), size: 7 }])),
      'invalid',
    ],
    ['indexes are nested like a bomb', nested(13), 'limit'],
    [
      'there is no end of referrers (CVE-2023-46737)',
      lying(oneImage(), {
        listReferrers: async () =>
          Array.from({ length: 20_000 }, (_, index) => ({
            ...child,
            digest: digestOf(`${index}`),
          })),
      }),
      'limit',
    ],
  ])('%s', async (_, source, code) => {
    const { storage, run } = importing(source);
    await expect(run()).rejects.toMatchObject({ code });
    expect(await keysIn(storage, 'repositories/team/app/_tags/')).toEqual([]);
  });

  test('it was aborted', async () => {
    const controller = new AbortController();
    const progress = () => controller.abort();
    const { storage, run } = importing(oneImage(), { progress, signal: controller.signal });
    await expect(run()).rejects.toMatchObject({ code: 'aborted' });
    expect(await keysIn(storage, 'repositories/team/app/_tags/')).toEqual([]);
  });

  test('a blob that is there has not the size that a manifest says', async () => {
    const { storage, run } = importing(oneImage());
    await run();
    const source = sourceOf((images) => {
      const layer = { ...images.addBlob('text/plain', 'one'), size: 7 };
      return addImage(images, 'two', { layers: [layer] });
    });
    const again = importImage({ source, storage, ...TARGET, tag: 'other' });
    await expect(again).rejects.toMatchObject({ name: 'ImportError', code: 'invalid' });
    expect(await keysIn(storage, 'repositories/team/app/_tags/')).toHaveLength(1);
  });
});

test('threat 24: an index bomb is walked in linear time', async () => {
  let fetched = 0;
  const source = sourceOf((images) => {
    let level = [addImage(images, 'one')];
    for (let depth = 0; depth < 10; depth++) {
      const below = level;
      level = Array.from({ length: 20 }, (_, index) =>
        addIndex(images, below, { annotations: { index: `${index}` } }),
      );
    }
    return addIndex(images, level);
  });
  const counting: ImageSource = {
    ...source,
    fetchManifest(reference, signal) {
      fetched += 1;
      return source.fetchManifest(reference, signal);
    },
  };
  expect(await importing(counting).run()).toMatchObject({ manifests: 202 });
  expect(fetched).toBe(202);
});
