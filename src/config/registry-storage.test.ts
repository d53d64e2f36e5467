// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { RegistryStorage, redirectsBlobs } from './registry-storage.ts';

const S3 = { kind: 's3', bucket: 'images' };

test('a bucket is enough: AWS, and whatever credentials are there', () => {
  expect(RegistryStorage.parse(S3)).toEqual({ ...S3, region: 'us-east-1' });
});

test.each([
  { bucket: 'Images' },
  { bucket: 'a/b' },
  { prefix: '/a' },
  { prefix: 'a//b' },
  { prefix: '../a' },
  { prefix: '.archeion' },
  { endpoint: 'ftp://store.example' },
  { endpoint: 'https://user:password@store.example' },
  { credentials: { accessKeyId: 'AKIA', secretAccessKey: 'x' } },
  { credentials: { accessKeyIdFile: 'id' } },
  { region: 'eu west' },
])('%j is refused', (more) => {
  expect(RegistryStorage.safeParse({ ...S3, ...more }).success).toBe(false);
});

const url = 'https://store.example';

test.each([
  [{}, true],
  [{ redirect: false }, false],
  [{ endpoint: url }, false],
  [{ endpoint: url, redirect: true }, true],
  [{ endpoint: url, publicEndpoint: url }, true],
])('with %j clients are redirected: %s', (more, expected) => {
  expect(redirectsBlobs(RegistryStorage.parse({ ...S3, ...more }))).toBe(expected);
});

const GCS = { kind: 'gcs', bucket: 'images' };
const AZURE = { kind: 'azure-blob', account: 'acme', container: 'images' };

test('of Google a bucket is enough, of Azure an account and a container', () => {
  expect(RegistryStorage.parse(GCS)).toEqual({ ...GCS, anonymous: false });
  expect(RegistryStorage.parse(AZURE)).toEqual(AZURE);
});

test.each([
  { ...GCS, bucket: 'a/b' },
  { ...GCS, region: 'eu' },
  { ...GCS, prefix: '../a' },
  { ...AZURE, account: 'Acme' },
  { ...AZURE, container: 'a--b' },
  { ...AZURE, container: 'ab' },
  { ...AZURE, key: 'inline' },
])('%j is refused, too', (storage) => {
  expect(RegistryStorage.safeParse(storage).success).toBe(false);
});

test.each([
  [GCS, true],
  [{ ...GCS, endpoint: url }, false],
  [{ ...GCS, endpoint: url, publicEndpoint: url }, true],
  [{ ...GCS, anonymous: true }, false],
  [{ ...GCS, anonymous: true, redirect: true }, true],
  [AZURE, true],
  [{ ...AZURE, endpoint: url }, false],
  [{ ...AZURE, redirect: false }, false],
])('over %j clients are redirected: %s', (storage, expected) => {
  expect(redirectsBlobs(RegistryStorage.parse(storage))).toBe(expected);
});

test('a folder has nothing to redirect to', () => {
  expect(redirectsBlobs({ kind: 'filesystem', directory: '/srv' })).toBe(false);
});
