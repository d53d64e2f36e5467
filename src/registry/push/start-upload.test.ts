// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { NO_DIGESTS } from '../../../test/support/digest-corpus.ts';
import { registryClient } from '../../../test/support/registry-client.ts';
import { codeOf } from '../../../test/support/registry-refusals.ts';
import { keysIn } from '../../../test/support/storage-reading.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { digestOf } from '../store/verify-body.ts';

const BLOB = 'the bytes of a blob';

test.each(['sha256', 'sha512'] as const)('a blob is pushed in one request, by %s', async (name) => {
  const client = registryClient();
  const digest = digestOf(BLOB, name);
  const answer = await client.ask('POST', `team/app/blobs/uploads/?digest=${digest}`, {
    body: BLOB,
  });
  expect(answer).toMatchObject({ status: 201, text: '' });
  expect(answer.headers).toMatchObject({
    location: `/v2/team/app/blobs/${digest}`,
    'docker-content-digest': digest,
  });
  expect((await client.ask('GET', `team/app/blobs/${digest}`)).text).toBe(BLOB);
});

test.each(['sha256', 'sha512'] as const)(
  'a blob is pushed by POST and PUT, by %s',
  async (name) => {
    const client = registryClient();
    const location = await client.start('team/app');
    expect(location).toMatch(/^\/v2\/team\/app\/blobs\/uploads\/[a-f0-9]{32}$/);
    const digest = digestOf(BLOB, name);
    const headers = { 'content-length': String(BLOB.length) };
    const answer = await client.ask('PUT', `${location}?digest=${digest}`, { body: BLOB, headers });
    expect(answer.status).toBe(201);
    expect((await client.ask('GET', answer.headers['location'] ?? '')).text).toBe(BLOB);
    expect(await keysIn(client.storage, 'uploads/')).toEqual([]);
  },
);

test('an upload that has begun says where it goes on, and that it has nothing yet', async () => {
  const { headers, status } = await registryClient().ask('POST', 'app/blobs/uploads/');
  expect(status).toBe(202);
  expect(headers['range']).toBe('0-0');
  expect(headers['location']).toBe(`/v2/app/blobs/uploads/${headers['docker-upload-uuid']}`);
});

test('a blob of nothing is a blob', async () => {
  const client = registryClient();
  const digest = digestOf('');
  expect((await client.ask('PUT', `${await client.start('app')}?digest=${digest}`)).status).toBe(
    201,
  );
  expect(await client.ask('GET', `app/blobs/${digest}`)).toMatchObject({ status: 200, text: '' });
});

test.each<readonly [string, string]>([
  ['other bytes', `?digest=${digestOf('other')}`],
  ['two digests', `?digest=${digestOf(BLOB)}&digest=${digestOf('other')}`],
  ['the same digest twice', `?digest=${digestOf(BLOB)}&digest=${digestOf(BLOB)}`],
  ['no digest', '?digest='],
  ['a malformed query', `?digest=${digestOf(BLOB)}&x=%zz`],
  ...NO_DIGESTS.map(([what, text]) => [what, `?digest=${encodeURIComponent(text)}`] as const),
])('threat 21: nothing is there after a push with %s', async (_, query) => {
  const client = registryClient();
  const posted = await client.ask('POST', `app/blobs/uploads/${query}`, { body: BLOB });
  const put = await client.ask('PUT', `${await client.start('app')}${query}`, { body: BLOB });
  expect([posted.status, put.status]).toEqual([400, 400]);
  expect(await keysIn(client.storage, 'blobs/')).toEqual([]);
  expect(await keysIn(client.storage, 'links/')).toEqual([]);
});

test('threat 21: an upload is not finished without a digest', async () => {
  const client = registryClient();
  const answer = await client.ask('PUT', await client.start('app'), { body: BLOB });
  expect(answer.status).toBe(400);
  expect(codeOf(answer)).toBe('DIGEST_INVALID');
});

test('threat 8: bytes that others have are linked only for who brings all of them', async () => {
  const client = registryClient();
  await client.push('others', BLOB);
  const wrong = await client.ask('POST', `app/blobs/uploads/?digest=${digestOf(BLOB)}`, {
    body: 'x',
  });
  expect(codeOf(wrong)).toBe('DIGEST_INVALID');
  expect((await client.ask('GET', `app/blobs/${digestOf(BLOB)}`)).status).toBe(404);
  expect((await client.push('app', BLOB)).status).toBe(201);
  expect((await client.ask('GET', `app/blobs/${digestOf(BLOB)}`)).status).toBe(200);
});

test('a blob that is too large is refused, before it is read when it says so', async () => {
  const client = registryClient({ settings: { largestBlob: 3 } });
  const path = `app/blobs/uploads/?digest=${digestOf(BLOB)}`;
  const said = await client.ask('POST', path, { headers: { 'content-length': '4' } });
  const found = await client.ask('POST', path, { body: BLOB });
  expect([said.status, found.status]).toEqual([413, 413]);
  expect((await client.push('app', 'abc')).status).toBe(201);
});

test('an algorithm that nobody can check is refused', async () => {
  const client = registryClient();
  expect((await client.ask('POST', 'app/blobs/uploads/?digest-algorithm=md5')).status).toBe(400);
  expect((await client.ask('POST', 'app/blobs/uploads/?digest-algorithm=sha512')).status).toBe(202);
});

test('clients are told which chunks a store takes best, where it minds', async () => {
  const header = 'oci-chunk-min-length';
  const begun = await registryClient().ask('POST', 'app/blobs/uploads/');
  expect(begun.headers[header]).toBeUndefined();
  const storage = { ...memoryDriver(), leastPart: 5_242_880 };
  const asked = await registryClient({ storage }).ask('POST', 'app/blobs/uploads/');
  expect(asked.headers[header]).toBe('5242880');
});
