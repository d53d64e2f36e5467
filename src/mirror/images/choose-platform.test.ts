// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { addImage, addIndex } from '../../../test/support/registry-images.ts';
import { memorySource } from '../../registry/transfer/memory-source.ts';
import { choosePlatform, parsePlatform } from './choose-platform.ts';

test.each([
  ['linux/arm64', { os: 'linux', architecture: 'arm64', variant: undefined }],
  ['linux/arm/v7', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ['linux', undefined],
  ['linux/', undefined],
  ['a/b/c/d', undefined],
  ['', undefined],
])('"%s" as a platform', (text, expected) => {
  expect(parsePlatform(text)).toEqual(expected);
});

/** An index of three platforms, and what is chosen of it. */
async function chosen(text: string) {
  const images = memorySource('test');
  const source = { ...images, listTags: async () => [] };
  const listed = ['v6', 'v7'].map((variant) => ({
    ...addImage(images, variant),
    platform: { os: 'linux', architecture: 'arm', variant },
  }));
  const { digest } = addIndex(images, [...listed, addImage(images, 'an artifact')]);
  const root = (await images.fetchManifest(digest)) ?? expect.fail('it was added');
  const platform = parsePlatform(text) ?? expect.fail('it is one');
  const found = await choosePlatform(source, { root, platform }, new AbortController().signal);
  return listed.findIndex((one) => one.digest === found.digest);
}

test('the platform that is asked for is chosen, the first of its variants if none is said', async () => {
  expect(await chosen('linux/arm/v7')).toBe(1);
  expect(await chosen('linux/arm')).toBe(0);
});

test('one that is not there is named with those that are', async () => {
  await expect(chosen('linux/amd64')).rejects.toThrow('only linux/arm/v6, linux/arm/v7');
});

test('an image that is of one platform is taken as it is', async () => {
  const images = memorySource('test');
  const source = { ...images, listTags: async () => [] };
  const root = (await images.fetchManifest(addImage(images, 'x').digest)) ?? expect.fail('added');
  const platform = { os: 'linux', architecture: 'arm64', variant: undefined };
  const { signal } = new AbortController();
  expect(await choosePlatform(source, { root, platform }, signal)).toBe(root);
});
