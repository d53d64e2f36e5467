// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { registryClient } from '../../../test/support/registry-client.ts';
import {
  describe as descriptorOf,
  imageOf,
  pushImage,
  pushManifest,
} from '../../../test/support/registry-pushes.ts';
import { codeOf } from '../../../test/support/registry-refusals.ts';
import { OCI_MANIFEST } from '../../core/oci/media-type.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { blobKey, linkKey, manifestKey, referrerKey, tagKey } from '../store/layout.ts';
import { digestOf } from '../store/verify-body.ts';

const IMAGE = imageOf('layer');
const ABOUT = imageOf('layer', { subject: descriptorOf(OCI_MANIFEST, IMAGE) });
const digest = digestOf(ABOUT);
const subject = digestOf(IMAGE);

/** A registry that counts what it asks of its store. */
async function pushed() {
  const memory = memoryDriver();
  const asked: string[] = [];
  const storage: StorageDriver = {
    ...memory,
    async stat(key) {
      asked.push(`stat ${key}`);
      return memory.stat(key);
    },
    async read(key, ...rest) {
      asked.push(`read ${key}`);
      return memory.read(key, ...rest);
    },
    async write(key, ...rest) {
      asked.push(`write ${key}`);
      return memory.write(key, ...rest);
    },
  };
  const client = registryClient({ storage });
  const push = { client, repository: 'app', reference: 'v1' };
  await pushImage(push, ABOUT);
  asked.length = 0;
  return { memory, asked, client, push };
}

test('a push of what is there looks that it is, and at nothing else', async () => {
  const { asked, push } = await pushed();
  expect((await pushManifest(push, ABOUT)).status).toBe(201);
  expect(asked).toEqual([
    `read ${tagKey('app', 'v1')}`,
    `stat ${referrerKey({ repository: 'app', subject, referrer: digest })}`,
    `stat ${linkKey(digest, 'app')}`,
    `read ${manifestKey('app', digest)}`,
    'stat gc/deleted-blobs/app',
  ]);
});

test.each([
  ['tag', tagKey('app', 'v1')],
  ['referrer', referrerKey({ repository: 'app', subject, referrer: digest })],
  ['link', linkKey(digest, 'app')],
  ['record', manifestKey('app', digest)],
])('a %s that is missing comes back', async (_, key) => {
  const { memory, push } = await pushed();
  await memory.remove(key);
  expect((await pushManifest(push, ABOUT)).status).toBe(201);
  expect(await memory.stat(key)).toBeDefined();
});

test('references are looked for again where blobs were deleted', async () => {
  const { client, push } = await pushed();
  await client.ask('DELETE', `app/blobs/${digestOf('layer')}`);
  expect(codeOf(await pushManifest(push, ABOUT))).toBe('MANIFEST_BLOB_UNKNOWN');
  await client.push('app', 'layer');
  expect((await pushManifest(push, ABOUT)).status).toBe(201);
});

test('a blob is asked for by one look at its link, which says its size', async () => {
  const { asked, client, memory } = await pushed();
  const layer = digestOf('layer');
  const first = await client.ask('HEAD', `app/blobs/${layer}`);
  expect(first.headers['content-length']).toBe('5');
  expect(asked).toEqual([`read ${linkKey(layer, 'app')}`]);
  await memory.write(linkKey(layer, 'app'), '');
  const second = await client.ask('HEAD', `app/blobs/${layer}`);
  expect(second.headers).toEqual(first.headers);
  expect(asked.at(-1)).toBe(`stat ${blobKey(layer)}`);
});
