// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { addImage, addReferrer } from '../../../test/support/registry-images.ts';
import { bytesIn } from '../../../test/support/storage-reading.ts';
import { LONGEST_PAGE } from '../../core/oci/list-page.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { blobKey, tagKey } from '../store/layout.ts';
import { digestOf } from '../store/verify-body.ts';
import { importImage } from './import.ts';
import { memorySource } from './memory-source.ts';
import { storeSource } from './store-source.ts';

async function filled() {
  const storage = memoryDriver();
  const images = memorySource('test');
  const image = addImage(images, 'layer');
  const referrer = addReferrer(images, image, 'text/signature');
  images.tag('it', image.digest);
  const about = { source: images, storage, repository: 'team/app', reference: 'it', tag: 'v1' };
  await importImage(about);
  return { storage, image, referrer, source: storeSource(storage) };
}

test('gives what the registry has', async () => {
  const { source, image, referrer } = await filled();
  expect(await source.listRepositories()).toEqual([{ name: 'team/app' }]);
  expect((await source.listTags('team/app'))?.tags).toEqual(['v1']);
  expect(await source.digestOfTag('team/app', 'v1')).toBe(image.digest);
  const referrers = await source.listReferrers('team/app', image.digest);
  expect(referrers.map(({ digest }) => digest)).toEqual([referrer.digest]);
  const content = source.content('team/app');
  for (const reference of ['v1', image.digest]) {
    const found = await content.fetchManifest(reference);
    expect(digestOf(found?.bytes ?? '')).toBe(image.digest);
  }
  const body = (await content.fetchBlob(digestOf('layer'))) ?? expect.fail('it was imported');
  expect((await bytesIn(body)).toString()).toBe('layer');
});

test('has nothing of what a repository does not hold', async () => {
  const { source, image } = await filled();
  const other = source.content('other');
  expect(await source.listTags('other')).toBeUndefined();
  expect(await source.digestOfTag('team/app', 'v2')).toBeUndefined();
  expect(await other.fetchManifest(image.digest)).toBeUndefined();
  expect(await other.fetchBlob(digestOf('layer'))).toBeUndefined();
  expect(await other.fetchManifest('no reference')).toBeUndefined();
});

test('bytes that are not those of their digest are an error', async () => {
  const { source, storage, image } = await filled();
  await storage.write(blobKey(image.digest), 'x'.repeat(image.size));
  await expect(source.content('team/app').fetchManifest('v1')).rejects.toThrow('are others');
});

test('lists of many pages are read to their end', async () => {
  const { source, storage } = await filled();
  for (let index = 0; index < LONGEST_PAGE; index += 1) {
    await storage.write(tagKey('team/app', `w${index}`), '{}');
  }
  expect((await source.listTags('team/app'))?.tags).toHaveLength(LONGEST_PAGE + 1);
});
