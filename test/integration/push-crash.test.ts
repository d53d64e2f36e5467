// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { OCI_MANIFEST } from '../../src/core/oci/media-type.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory.ts';
import { type RegistryClient, registryClient } from '../support/registry-client.ts';
import { crashingDriver } from '../support/registry-faults.ts';
import { imageOf, pushManifest } from '../support/registry-pushes.ts';
import { keysIn } from '../support/storage-reading.ts';

const LAYER = 'layer';
const ONE = imageOf(LAYER);
const TWO = imageOf(LAYER, { annotations: { which: 'two' } });
const subject = { mediaType: OCI_MANIFEST, digest: digestOf(TWO), size: TWO.length };
const NOTE = imageOf(LAYER, { subject });

/** What a client does, step by step; each gives the status it got. */
type Step = readonly [string, (client: RegistryClient) => Promise<number>];

let location = '';

const put = (reference: string, manifest: string) => async (client: RegistryClient) =>
  (await pushManifest({ client, repository: 'app', reference }, manifest)).status;

const STEPS: readonly Step[] = [
  ['config', async (client) => (await client.push('app', '{}')).status],
  [
    'started',
    async (client) => {
      const { status, headers } = await client.ask('POST', 'app/blobs/uploads/');
      location = headers['location'] ?? '/v2/none/blobs/uploads/none';
      return status;
    },
  ],
  ['chunk', async (client) => (await client.ask('PATCH', location, { body: 'lay' })).status],
  ['chunk', async (client) => (await client.ask('PATCH', location, { body: 'er' })).status],
  [
    'layer',
    async (client) => (await client.ask('PUT', `${location}?digest=${digestOf(LAYER)}`)).status,
  ],
  ['one', put('v1', ONE)],
  ['two', put('v1', TWO)],
  ['note', put('note', NOTE)],
  [
    'deleted',
    async (client) => (await client.ask('DELETE', `app/manifests/${digestOf(NOTE)}`)).status,
  ],
  [
    'unlinked',
    async (client) => (await client.ask('DELETE', `app/manifests/${digestOf(ONE)}`)).status,
  ],
];

/** The steps that were acknowledged before the first that was not. */
async function acknowledged(client: RegistryClient): Promise<string[]> {
  const done: string[] = [];
  for (const [name, step] of STEPS) {
    if ((await step(client)) >= 300) break;
    done.push(name);
  }
  return done;
}

async function pulled(client: RegistryClient, path: string): Promise<string | undefined> {
  const { status, text } = await client.ask('GET', `app/${path}`);
  expect([200, 404]).toContain(status);
  return status === 200 ? text : undefined;
}

/** What was acknowledged is served; what was not is there whole or not at all. */
async function expectServed(storage: StorageDriver, done: readonly string[]): Promise<void> {
  const client = registryClient({ storage });
  const has = (name: string) => done.includes(name);
  const layer = await pulled(client, `blobs/${digestOf(LAYER)}`);
  expect(has('layer') ? [LAYER] : [LAYER, undefined]).toContain(layer);
  const tagged = await pulled(client, 'manifests/v1');
  expect(expectedTag(has)).toContain(tagged);
  const note = await pulled(client, `manifests/${digestOf(NOTE)}`);
  expect(expectedNote(has)).toContain(note);
  for (const key of await keysIn(storage, 'repositories/app/_manifests/')) {
    const digest = key.slice('repositories/app/_manifests/'.length).replace('/', ':');
    const text = await pulled(client, `manifests/${digest}`);
    expect([digest, undefined]).toContain(text && digestOf(text));
  }
}

function expectedTag(has: (name: string) => boolean): ReadonlyArray<string | undefined> {
  if (has('two')) return [TWO];
  return has('one') ? [ONE, TWO] : [ONE, undefined];
}

/** Whoever got as far as its push was about to delete it. */
function expectedNote(has: (name: string) => boolean): ReadonlyArray<string | undefined> {
  return has('deleted') ? [undefined] : [NOTE, undefined];
}

async function countOperations(): Promise<number> {
  const counting = crashingDriver(memoryDriver(), Number.POSITIVE_INFINITY, false);
  const done = await acknowledged(registryClient({ storage: counting.storage }));
  expect(done).toHaveLength(STEPS.length);
  return counting.begun();
}

describe.each([
  ['before it took effect', false],
  ['after it took effect', true],
])('a registry that dies at any operation, %s', (_, isDone) => {
  test('serves what it acknowledged, and everything can be done again', async () => {
    const operations = await countOperations();
    expect(operations).toBeGreaterThan(60);
    for (let fatal = 1; fatal <= operations; fatal++) {
      const storage = memoryDriver();
      const crash = crashingDriver(storage, fatal, isDone);
      const done = await acknowledged(registryClient({ storage: crash.storage }));
      expect(done.length).toBeLessThan(STEPS.length);
      await expectServed(storage, done);
      const again = await acknowledged(registryClient({ storage }));
      expect(again).toHaveLength(STEPS.length);
      await expectServed(storage, again);
    }
  });

  test('ends an upload that it could not acknowledge when it is asked again', async () => {
    const begin = async (storage: StorageDriver) => {
      const client = registryClient({ storage });
      const upload = await client.start('app');
      await client.ask('PATCH', upload, { body: LAYER });
      return `${upload}?digest=${digestOf(LAYER)}`;
    };
    for (let fatal = 1; fatal <= 8; fatal++) {
      const storage = memoryDriver();
      const path = await begin(storage);
      const crash = crashingDriver(storage, fatal, isDone);
      await registryClient({ storage: crash.storage }).ask('PUT', path);
      const client = registryClient({ storage });
      const { status } = await client.ask('PUT', path);
      // Nothing is left of the upload only when all was done but to say so.
      const isThere = (await pulled(client, `blobs/${digestOf(LAYER)}`)) === LAYER;
      expect([201, 404]).toContain(status);
      expect(isThere).toBe(true);
    }
  });
});
