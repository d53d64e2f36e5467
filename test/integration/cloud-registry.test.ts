// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openStorage } from '../../src/cli/registry/open-storage.ts';
import { loadRegistryFile } from '../../src/cli/registry/registry-config.ts';
import { openRegistryStore } from '../../src/cli/registry/registry-store.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-clouds-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function loaded(storage: string) {
  const file = join(folder, 'registry.yaml');
  await writeFile(file, `storage: ${storage}\n`);
  return loadRegistryFile(file);
}

async function startGcs() {
  const fake = await startFakeGcs();
  onTestFinished(() => fake.stop());
  return fake;
}

test('an empty bucket of Google becomes a registry when it has shown that it heeds conditions', async () => {
  const { url, requests } = await startGcs();
  const config = await loaded(`{ kind: gcs, bucket: bucket, endpoint: "${url}", anonymous: true }`);
  const storage = await openRegistryStore(config, false);
  expect(storage.name).toBe(`Google Cloud Storage bucket bucket at ${url}`);
  expect(await storage.stat('layout')).toBeDefined();
  const conditions = requests.map(({ query }) => query.get('ifGenerationMatch'));
  expect(conditions.filter((condition) => condition === '0').length).toBeGreaterThanOrEqual(4);
});

test('a registry whose links nobody can sign does not start', async () => {
  const { url } = await startGcs();
  const place = `kind: gcs, bucket: bucket, endpoint: "${url}", anonymous: true, redirect: true`;
  const config = await loaded(`{ ${place} }`);
  await expect(openRegistryStore(config, false)).rejects.toThrow('nobody can sign a link');
});

test('a bucket that is not there is said to be none', async () => {
  const { url } = await startGcs();
  const config = await loaded(`{ kind: gcs, bucket: other, endpoint: "${url}", anonymous: true }`);
  await expect(openRegistryStore(config, false)).rejects.toThrow('bucket does not exist');
});

test('a container of Azure is opened by the key in a file', async () => {
  await writeFile(join(folder, 'key'), 'c2VjcmV0\n');
  const place = 'kind: azure-blob, account: acme, container: images, prefix: some/where';
  const storage = await openStorage(await loaded(`{ ${place}, keyFile: key }`));
  expect(storage.name).toBe('Azure container acme/images/some/where');
  const url = await storage.directUrl?.('key', { method: 'GET', seconds: 60 });
  expect(url).toMatch(/^https:\/\/acme\.blob\.core\.windows\.net\/images\/some\/where\/key\?sp=r&/);
});

test.each([
  ['{ kind: azure-blob, account: acme, container: images, keyFile: absent }', 'storage.keyFile'],
  ['{ kind: gcs, bucket: images, credentialsFile: absent }', 'storage.credentialsFile'],
])('of %s the file has to be there', async (storage, key) => {
  const config = await loaded(storage);
  await expect(openStorage(config)).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining(`${key}: "${join(folder, 'absent')}" cannot be read`),
  });
});
