// SPDX-License-Identifier: Apache-2.0
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bytesIn } from '../../../test/support/storage-reading.ts';
import { parseManifest } from '../../core/oci/manifest.ts';
import type { ImageSource } from '../../upstream/image-source.ts';
import { digestOf } from '../store/verify-body.ts';
import { sampleImage } from './sample-image.ts';

async function manifestOf(source: ImageSource, reference: string) {
  const found = await source.fetchManifest(reference);
  const parsed = parseManifest(Buffer.from(found?.bytes ?? []).toString(), found?.mediaType);
  return parsed.ok ? parsed.manifest : undefined;
}

test('the sample image is always the same', async () => {
  const [one, other] = [
    await sampleImage().fetchManifest('v1'),
    await sampleImage().fetchManifest('v1'),
  ];
  expect(one?.digest).toMatch(/^sha256:/);
  expect(one).toEqual(other);
});

test('its two platforms share two of three layers, whose archives are what the config says', async () => {
  const source = sampleImage();
  const index = await manifestOf(source, 'v1');
  const layers = new Set<string>();
  for (const { digest } of index?.manifests ?? []) {
    const image = await manifestOf(source, digest);
    const config = JSON.parse(
      (await bytesIn((await source.fetchBlob(image?.config?.digest ?? digest)) ?? [])).toString(),
    );
    for (const [place, layer] of (image?.layers ?? []).entries()) {
      layers.add(layer.digest);
      const bytes = await bytesIn((await source.fetchBlob(layer.digest)) ?? []);
      expect(bytes.byteLength).toBe(layer.size);
      expect(digestOf(gunzipSync(bytes))).toBe(config.rootfs.diff_ids[place]);
    }
  }
  expect(index?.manifests.map(({ platform }) => platform?.['architecture'])).toEqual([
    'amd64',
    'arm64',
  ]);
  expect(layers.size).toBe(4);
});

test('a bill of materials is about the index', async () => {
  const source = sampleImage();
  const index = await source.fetchManifest('v1');
  const referrers = index === undefined ? [] : await source.listReferrers(index.digest);
  expect(referrers).toMatchObject([{ artifactType: 'application/spdx+json' }]);
  const referrer = await manifestOf(source, referrers[0]?.digest ?? '');
  expect(referrer?.subject?.digest).toBe(index?.digest);
});

test('what it has not is absent', async () => {
  const source = sampleImage();
  expect(await source.fetchManifest('v2')).toBeUndefined();
  expect(await source.fetchBlob(digestOf('x'))).toBeUndefined();
  expect(await source.listReferrers(digestOf('x'))).toEqual([]);
  await source.close();
});
