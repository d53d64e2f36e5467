// SPDX-License-Identifier: Apache-2.0
import { afterAll, describe, expect, test } from 'vitest';
import { gcsDriver } from '../../src/storage/gcs/gcs.ts';
import type { GcsOptions } from '../../src/storage/gcs/gcs-client.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import type { FakeStore } from '../support/fake-store.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';
import { bytesIn, failing, keysIn, textAt } from '../support/storage-reading.ts';

const started: FakeStore[] = [];

afterAll(async () => {
  for (const { stop } of started) await stop();
});

async function openWith(options: Partial<GcsOptions> = {}) {
  const fake = await startFakeGcs();
  started.push(fake);
  const identity = { token: async () => 'a-token' };
  const storage = gcsDriver({ bucket: 'bucket', endpoint: fake.url, identity, ...options });
  return { fake, storage };
}

describe('the driver of Google', () => {
  storageDriverContract(async () => (await openWith({ prefix: 'some/where' })).storage, {
    lacksKeys: ['.', '..', 'a\nb', '.well-known/acme-challenge/x'],
  });
});

test('every request says who asks', async () => {
  const { fake, storage } = await openWith();
  await storage.write('key', 'x');
  expect(fake.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer a-token']);
});

test('a write whose answer is lost is known again, and is no conflict with itself', async () => {
  const { fake, storage } = await openWith();
  fake.spoil('lost', ({ method }) => method === 'POST');
  const written = await storage.write('key', 'x', { condition: { absent: true } });
  expect(written).toEqual(await storage.stat('key'));
  fake.spoil('lost', ({ method }) => method === 'POST');
  expect(await storage.write('key', 'y', { condition: { absent: true } })).toBe('conflict');
});

test('what fails for the moment is asked again, and what fails for good says so', async () => {
  const { fake, storage } = await openWith();
  await storage.write('key', 'x');
  fake.spoil({ status: 503 }, ({ method }) => method === 'GET');
  expect(await textAt(storage, 'key')).toBe('x');
  fake.spoil({ status: 403 }, ({ method }) => method === 'GET');
  await expect(storage.read('key')).rejects.toMatchObject({ code: 'denied', key: 'key' });
});

test('a bucket that is not there is a failure, not an absence', async () => {
  const { storage } = await openWith({ bucket: 'other' });
  await expect(storage.stat('key')).rejects.toMatchObject({ code: 'failed', key: 'key' });
  await expect(storage.read('key')).rejects.toThrow('bucket does not exist');
});

test('two large writes at once to what is absent: one is in time, also at its end', async () => {
  const { storage } = await openWith();
  const large = Buffer.alloc(9_000_000, 'x');
  const write = () => storage.write('key', large, { condition: { absent: true } });
  const results = await Promise.all([write(), write()]);
  expect(results.filter((result) => result === 'conflict')).toHaveLength(1);
  expect(await storage.stat('key')).toMatchObject({ size: 9_000_000 });
});

test('a large body that fails takes what was sent of it along', async () => {
  const { fake, storage } = await openWith();
  const error = new Error('the client went away');
  const body = failing(['x'.repeat(9_000_000), 'y'.repeat(9_000_000)], error);
  await expect(storage.write('key', body)).rejects.toBe(error);
  expect(await storage.stat('key')).toBeUndefined();
  expect(fake.requests.map(({ method }) => method)).toContain('DELETE');
});

test('a read whose connection breaks fails, and names the key', async () => {
  const { fake, storage } = await openWith();
  await storage.write('key', Buffer.alloc(30_000_000));
  const reading = await storage.read('key');
  await fake.stop();
  const error: unknown = await bytesIn(reading?.body ?? []).catch((problem: unknown) => problem);
  expect(error).toMatchObject({ code: 'failed', key: 'key' });
});

test('a link is signed for the place where clients reach the store', async () => {
  const sign = async () => Buffer.from('signed');
  const signer = async () => ({ email: 'robot@project.iam', sign });
  const identity = { token: async () => 'a-token', signer };
  const publicEndpoint = 'https://images.example/store';
  const { storage } = await openWith({ identity, publicEndpoint, prefix: 'some' });
  const url = await storage.directUrl?.('a b', { method: 'GET', seconds: 60 });
  expect(url).toMatch(/^https:\/\/images\.example\/store\/bucket\/some\/a%20b\?X-Goog-Algorithm=/);
  expect(url).toContain(`X-Goog-Signature=${Buffer.from('signed').toString('hex')}`);
});

test('more parts than are joined at once become one object, and nothing else stays', async () => {
  const { fake, storage } = await openWith();
  let upload = await storage.startUpload('key');
  for (let part = 0; part < 70; part++) upload = await storage.appendPart(upload, `${part},`);
  await storage.finishUpload(upload);
  const expected = Array.from({ length: 70 }, (_, part) => `${part},`).join('');
  expect(await textAt(storage, 'key')).toBe(expected);
  const sweep = { before: Date.now() + 60_000, isUnderWay: () => false };
  expect(await storage.sweepUploads?.(sweep)).toBe(0);
  expect(fake.requests.filter(({ path }) => path.endsWith('/compose'))).toHaveLength(4);
});

test('what a writer that died left is swept when it is old, and nobody goes on with it', async () => {
  const { storage } = await openWith();
  const begin = async (key: string) => storage.appendPart(await storage.startUpload(key), 'x');
  const [left, going] = [await begin('left'), await begin('going')];
  const isUnderWay = (id: string) => id === going.id;
  const [soon, before] = [Date.now() + 60_000, Date.now() - 60_000];
  expect(await storage.sweepUploads?.({ before, isUnderWay })).toBe(0);
  expect(await storage.sweepUploads?.({ before: soon, isUnderWay })).toBe(1);
  await expect(storage.finishUpload(left)).rejects.toMatchObject({ code: 'unknown-upload' });
  expect(await storage.finishUpload(going)).toMatchObject({ key: 'going', size: 1 });
  expect(await keysIn(storage, '')).toEqual(['going']);
});

test('nobody is sent to a link that nobody can sign', async () => {
  const { storage } = await openWith();
  const link = storage.directUrl?.('key', { method: 'GET', seconds: 60 });
  await expect(link).rejects.toMatchObject({ code: 'denied' });
});
