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

test('a folder has nothing to redirect to', () => {
  expect(redirectsBlobs({ kind: 'filesystem', directory: '/srv' })).toBe(false);
});
