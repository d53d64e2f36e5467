// SPDX-License-Identifier: Apache-2.0
import { afterAll, describe, expect, test } from 'vitest';
import { azureBlobDriver } from '../../src/storage/azure-blob/azure-blob.ts';
import type { AzureOptions } from '../../src/storage/azure-blob/azure-client.ts';
import { AZURE_TOKEN, startFakeAzure } from '../support/fake-azure.ts';
import type { FakeRequest, FakeStore } from '../support/fake-store.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';
import { keysIn, textAt } from '../support/storage-reading.ts';

const started: FakeStore[] = [];

afterAll(async () => {
  for (const { stop } of started) await stop();
});

async function openWith(options: Partial<AzureOptions> = {}) {
  const fake = await startFakeAzure();
  started.push(fake);
  const storage = azureBlobDriver({
    account: 'account',
    container: 'container',
    endpoint: `${fake.url}/account`,
    credentials: { kind: 'token', token: async () => AZURE_TOKEN },
    ...options,
  });
  return { fake, storage };
}

describe('the driver of Azure', () => {
  storageDriverContract(async () => (await openWith({ prefix: 'some/where' })).storage, {
    lacksKeys: ['./.', '../x', 'a/../b', 'a\\b', 'a\nb'],
  });
});

test('a write whose answer is lost is known again, and is no conflict with itself', async () => {
  const { fake, storage } = await openWith();
  fake.spoil('lost', ({ method }) => method === 'PUT');
  const written = await storage.write('key', 'x', { condition: { absent: true } });
  expect(written).toEqual(await storage.stat('key'));
  fake.spoil('lost', ({ method }) => method === 'PUT');
  expect(await storage.write('key', 'y', { condition: { absent: true } })).toBe('conflict');
});

test('a container that is not there is a failure, not an absence', async () => {
  const { storage } = await openWith({ container: 'other' });
  const failed = { code: 'failed', key: 'key', message: expect.stringContaining('ContainerNot') };
  await expect(storage.stat('key')).rejects.toMatchObject(failed);
  await expect(storage.write('key', 'x', { condition: { absent: true } })).rejects.toMatchObject(
    failed,
  );
});

test('of a refusal the first line is told, and not what was signed', async () => {
  const credentials = { kind: 'token', token: async () => 'another' } as const;
  const { storage } = await openWith({ credentials });
  const error = await storage.read('key').catch(String);
  expect(error).toContain('AuthenticationFailed: It is so. (403)');
  expect(error).not.toContain('And more');
});

test('credentials that cannot be had are a refusal that names the key', async () => {
  const token = () => Promise.reject(new Error('nothing there'));
  const { storage } = await openWith({ credentials: { kind: 'token', token } });
  const denied = { code: 'denied', key: 'key', message: expect.stringContaining('nothing there') };
  await expect(storage.stat('key')).rejects.toMatchObject(denied);
});

test('large writes at once to one blob: whoever commits first takes the blocks of the others along', async () => {
  const { storage } = await openWith();
  const write = (text: string) => storage.write('key', Buffer.alloc(9_000_000, text));
  const results = await Promise.all([write('a'), write('b')]);
  expect(results).not.toContain('conflict');
  const absent = { condition: { absent: true } } as const;
  const large = Buffer.alloc(9_000_000);
  const rivals = [storage.write('new', large, absent), storage.write('new', large, absent)];
  expect((await Promise.all(rivals)).filter((result) => result === 'conflict')).toHaveLength(1);
});

test('large parts are copied within the store', async () => {
  const { fake, storage } = await openWith();
  let upload = await storage.startUpload('key');
  for (const text of ['a', 'b']) {
    upload = await storage.appendPart(upload, Buffer.alloc(9_000_000, text));
  }
  const before = fake.requests.length;
  await storage.finishUpload(upload);
  const sent = fake.requests.slice(before).reduce((sum, { body }) => sum + body.byteLength, 0);
  expect(sent).toBeLessThan(1_000);
  expect(await textAt(storage, 'key', { first: 8_999_999, last: 9_000_000 })).toBe('ab');
});

test('what a store cannot copy by range passes through us', async () => {
  const { fake, storage } = await openWith();
  let upload = await storage.startUpload('key');
  for (const text of ['a', 'b']) {
    upload = await storage.appendPart(upload, Buffer.alloc(9_000_000, text));
  }
  const isCopy = ({ headers }: FakeRequest) => headers['x-ms-source-range'] !== undefined;
  fake.spoil({ status: 501 }, isCopy);
  fake.spoil({ status: 501 }, isCopy);
  expect(await storage.finishUpload(upload)).toMatchObject({ size: 18_000_000 });
  expect(await textAt(storage, 'key', { first: 8_999_999, last: 9_000_000 })).toBe('ab');
});

test('a page of a list begins where the page before it ended', async () => {
  const { fake, storage } = await openWith();
  for (let count = 0; count < 30; count++) await storage.write(`tags/${100 + count}`, 'x');
  const seen: string[] = [];
  for (let after = ''; ; after = seen.at(-1) ?? '') {
    const page = await keysIn(storage, 'tags/', { after, limit: 10, delimiter: '/' });
    seen.push(...page);
    if (page.length < 10) break;
  }
  expect(seen).toEqual(Array.from({ length: 30 }, (_, count) => `tags/${100 + count}`));
  const marks = fake.requests.filter(({ query }) => query.get('comp') === 'list');
  expect(marks.map(({ query }) => query.get('marker'))).toEqual([
    null,
    'tags%2F110',
    'tags%2F120',
    'tags%2F120',
  ]);
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
});

test('who has a token and no key signs links with a key that is asked for once', async () => {
  const { fake, storage } = await openWith({ publicEndpoint: 'https://images.example' });
  const link = () => storage.directUrl?.('a b', { method: 'GET', seconds: 60 });
  const [url] = [await link(), await link()];
  expect(url).toMatch(/^https:\/\/images\.example\/container\/a%20b\?sp=r&se=.*&skoid=o&.*&sig=/);
  expect(fake.requests).toHaveLength(1);
});
