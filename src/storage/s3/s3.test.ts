// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { s3Driver } from './s3.ts';
import type { S3Options } from './s3-client.ts';

const OPTIONS: S3Options = {
  bucket: 'images',
  region: 'eu-west-1',
  credentials: async () => ({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a secret of nobody' }),
};
const KEY = 'blobs/sha256/a b+c:d';

test.each<[Partial<S3Options>, string]>([
  [{}, 'https://images.s3.eu-west-1.amazonaws.com/blobs/sha256/a%20b%2Bc%3Ad'],
  [{ prefix: 'some' }, 'https://images.s3.eu-west-1.amazonaws.com/some/blobs/sha256/a%20b%2Bc%3Ad'],
  [{ endpoint: 'http://store:9000' }, 'http://store:9000/images/blobs/sha256/a%20b%2Bc%3Ad'],
  [
    { endpoint: 'http://store:9000', publicEndpoint: 'https://store.example' },
    'https://store.example/images/blobs/sha256/a%20b%2Bc%3Ad',
  ],
  [
    { endpoint: 'https://store.example', pathStyle: false },
    'https://images.store.example/blobs/sha256/a%20b%2Bc%3Ad',
  ],
])('with %j clients are sent to %s', async (more, expected) => {
  const url = await s3Driver({ ...OPTIONS, ...more }).directUrl?.(KEY, {
    method: 'GET',
    seconds: 60,
  });
  const [place, query = ''] = (url ?? '').split('?');
  expect(place).toBe(expected);
  const parameters = new URLSearchParams(query);
  expect(parameters.get('X-Amz-Expires')).toBe('60');
  expect(parameters.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  expect(url).not.toContain('secret');
});

test.each<[Partial<S3Options>, string]>([
  [{}, 'S3 bucket images'],
  [{ prefix: 'some', endpoint: 'http://store:9000' }, 'S3 bucket images/some at http://store:9000'],
])('with %j it is called %j', (more, name) => {
  expect(s3Driver({ ...OPTIONS, ...more }).name).toBe(name);
});

test('what cannot be a key, or a name of a part, is not asked for', async () => {
  const driver = s3Driver({ ...OPTIONS, endpoint: 'http://127.0.0.1:1' });
  await expect(driver.stat('.archeion/uploads/x')).rejects.toMatchObject({ code: 'invalid-key' });
  const forged = { key: 'a', id: '../../b', parts: [] };
  const unknown = { code: 'unknown-upload' };
  await expect(driver.appendPart(forged, 'x')).rejects.toMatchObject(unknown);
  await expect(driver.finishUpload(forged)).rejects.toMatchObject(unknown);
  await expect(driver.abortUpload(forged)).rejects.toMatchObject(unknown);
});

test('credentials that cannot be had are a refusal that names the key', async () => {
  const credentials = async () => {
    throw Object.assign(new Error('nothing there'), { name: 'CredentialsProviderError' });
  };
  const driver = s3Driver({ ...OPTIONS, credentials });
  await expect(driver.stat('some/key')).rejects.toMatchObject({ code: 'denied', key: 'some/key' });
});
