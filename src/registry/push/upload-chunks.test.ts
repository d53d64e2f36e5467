// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { registryClient } from '../../../test/support/registry-client.ts';
import { codeOf } from '../../../test/support/registry-refusals.ts';
import { failing, keysIn } from '../../../test/support/storage-reading.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { digestOf } from '../store/verify-body.ts';

const BLOB = 'abcdefghij';
const PARTS = ['abcd', 'efg', 'hij'];
const digest = digestOf(BLOB);

function ranged(first: number, body: string) {
  return { body, headers: { 'content-range': `${first}-${first + body.length - 1}` } };
}

describe.each(['sha256', 'sha512'] as const)('a blob by %s', (algorithm) => {
  const wanted = digestOf(BLOB, algorithm);

  test.each(['', `?digest-algorithm=${algorithm}`])(
    'is streamed in one PATCH (%s)',
    async (query) => {
      const client = registryClient();
      const location = await client.start('app', query);
      const patched = await client.ask('PATCH', location, { body: BLOB });
      expect(patched).toMatchObject({ status: 202, headers: { range: '0-9', location } });
      const put = await client.ask('PUT', `${location}?digest=${wanted}`);
      expect(put.status).toBe(201);
      expect((await client.ask('GET', `app/blobs/${wanted}`)).text).toBe(BLOB);
      expect(await keysIn(client.storage, 'uploads/')).toEqual([]);
    },
  );

  test.each([
    ['an empty PUT', PARTS.length],
    ['a PUT with the last chunk', PARTS.length - 1],
  ])('comes in chunks, ended by %s', async (_, patches) => {
    const client = registryClient();
    const location = await client.start('app');
    let first = 0;
    for (const part of PARTS.slice(0, patches)) {
      expect((await client.ask('PATCH', location, ranged(first, part))).status).toBe(202);
      first += part.length;
      const status = await client.ask('GET', location);
      expect(status).toMatchObject({ status: 204, headers: { location, range: `0-${first - 1}` } });
    }
    const rest = PARTS.slice(patches).map((part) => ranged(first, part))[0] ?? {};
    expect((await client.ask('PUT', `${location}?digest=${wanted}`, rest)).status).toBe(201);
    expect((await client.ask('GET', `app/blobs/${wanted}`)).text).toBe(BLOB);
  });

  test('is continued and finished by other processes over the same store', async () => {
    const storage = memoryDriver();
    const [one, two, three] = [1, 2, 3].map(() => registryClient({ storage }));
    const location = (await one?.start('app')) ?? '';
    await one?.ask('PATCH', location, ranged(0, 'abcd'));
    await two?.ask('PATCH', location, ranged(4, 'efg'));
    const put = await three?.ask('PUT', `${location}?digest=${wanted}`, ranged(7, 'hij'));
    expect(put?.status).toBe(201);
    expect((await one?.ask('GET', `app/blobs/${wanted}`))?.text).toBe(BLOB);
  });
});

test('what was streamed in one process is committed by another without being read back', async () => {
  const storage = memoryDriver();
  const read: string[] = [];
  const watched: StorageDriver = {
    ...storage,
    read: (key, ...rest) => {
      read.push(key);
      return storage.read(key, ...rest);
    },
  };
  const location = await registryClient({ storage }).start('app');
  await registryClient({ storage }).ask('PATCH', location, { body: BLOB });
  const put = await registryClient({ storage: watched }).ask('PUT', `${location}?digest=${digest}`);
  expect(put.status).toBe(201);
  expect(read).toEqual([expect.stringMatching(/^uploads\/[a-f0-9]{32}$/), 'gc/state']);
});

describe('a chunk', () => {
  test.each(['3-5', '5-7', '0-2', 'bytes 4-6/10', '4', ''])(
    'that does not begin where the upload ends is refused with where it does: %s',
    async (range) => {
      const client = registryClient();
      const location = await client.start('app');
      await client.ask('PATCH', location, ranged(0, 'abcd'));
      for (const [method, path] of [
        ['PATCH', location],
        ['PUT', `${location}?digest=${digest}`],
      ] as const) {
        const headers = { 'content-range': range };
        const answer = await client.ask(method, path, { body: 'efg', headers });
        expect(answer).toMatchObject({ status: 416, headers: { location, range: '0-3' } });
        expect(codeOf(answer)).toBe('BLOB_UPLOAD_INVALID');
      }
      await client.ask('PATCH', location, ranged(4, 'efghij'));
      expect((await client.ask('PUT', `${location}?digest=${digest}`)).status).toBe(201);
    },
  );

  test.each([
    [{ 'content-range': '0-3', 'content-length': '3' }, 'abc'],
    [{ 'content-range': '0-3' }, 'abc'],
    [{ 'content-range': '0-3' }, 'abcde'],
    [{ 'content-range': '0-3' }, ''],
  ])('that is not as long as it says is not kept: %j %s', async (headers, body) => {
    const client = registryClient();
    const location = await client.start('app');
    const answer = await client.ask('PATCH', location, { body, headers });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'SIZE_INVALID']);
    expect((await client.ask('GET', location)).headers['range']).toBe('0-0');
    await client.ask('PATCH', location, { body: BLOB });
    expect((await client.ask('PUT', `${location}?digest=${digest}`)).status).toBe(201);
  });

  test('whose client goes away leaves the upload as it was', async () => {
    const client = registryClient();
    const location = await client.start('app');
    await client.ask('PATCH', location, { body: 'abcd' });
    const body = failing(['ef'], new Error('gone'));
    expect((await client.ask('PATCH', location, { body })).status).toBe(500);
    expect((await client.ask('GET', location)).headers['range']).toBe('0-3');
    await client.ask('PATCH', location, ranged(4, 'efghij'));
    expect((await client.ask('PUT', `${location}?digest=${digest}`)).status).toBe(201);
  });

  test('of nothing changes nothing', async () => {
    const client = registryClient();
    const location = await client.start('app');
    expect((await client.ask('PATCH', location)).status).toBe(202);
    expect((await client.ask('PUT', `${location}?digest=${digestOf('')}`)).status).toBe(201);
  });

  test('that makes the blob too large is refused', async () => {
    const client = registryClient({ settings: { largestBlob: 5 } });
    const location = await client.start('app');
    await client.ask('PATCH', location, { body: 'abc' });
    expect((await client.ask('PATCH', location, { body: 'def' })).status).toBe(413);
    expect((await client.ask('PATCH', location, { body: 'de' })).status).toBe(202);
  });

  test('of several at once is taken exactly once, and the others learn where to go on', async () => {
    const client = registryClient();
    const location = await client.start('app');
    const patches = PARTS.map((body) => client.ask('PATCH', location, { body }));
    const statuses = (await Promise.all(patches)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([202, 416, 416]);
    const taken = PARTS[statuses.indexOf(202)] ?? '';
    expect((await client.ask('GET', location)).headers['range']).toBe(`0-${taken.length - 1}`);
    expect((await client.ask('PUT', `${location}?digest=${digestOf(taken)}`)).status).toBe(201);
  });
});

test('however a blob is cut and whoever takes the chunks, it is the blob', async () => {
  const chunks = fc.array(fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.nat(1)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.boolean(), async (parts, isLong) => {
      const storage = memoryDriver();
      const clients = [registryClient({ storage }), registryClient({ storage })] as const;
      const location = await clients[0].start('app');
      for (const [body, which] of parts) {
        await clients[which === 0 ? 0 : 1].ask('PATCH', location, { body });
      }
      const whole = Buffer.concat(parts.map(([body]) => body));
      const wanted = digestOf(whole, isLong ? 'sha512' : 'sha256');
      await clients[1].ask('PUT', `${location}?digest=${wanted}`);
      const { bytes } = await clients[0].ask('GET', `app/blobs/${wanted}`);
      expect(bytes.equals(whole)).toBe(true);
    }),
    { numRuns: Math.min(PROPERTY_RUNS, 5_000) },
  );
});

test('two who finish at once both have it', async () => {
  const client = registryClient();
  const location = await client.start('app');
  await client.ask('PATCH', location, { body: BLOB });
  const puts = [1, 2].map(() => client.ask('PUT', `${location}?digest=${digest}`));
  const statuses = (await Promise.all(puts)).map(({ status }) => status);
  expect(statuses).toContain(201);
  expect([201, 404]).toEqual(expect.arrayContaining(statuses));
  expect((await client.ask('GET', `app/blobs/${digest}`)).text).toBe(BLOB);
});

test('bytes that are there already are only linked', async () => {
  const client = registryClient();
  await client.push('others', BLOB);
  const location = await client.start('app');
  await client.ask('PATCH', location, { body: BLOB });
  expect((await client.ask('PUT', `${location}?digest=${digest}`)).status).toBe(201);
  expect((await client.ask('GET', `app/blobs/${digest}`)).text).toBe(BLOB);
  expect(await keysIn(client.storage, 'uploads/')).toEqual([]);
});

describe('threat 21: a wrong digest', () => {
  test('in the end leaves nothing to see, and the upload to be ended rightly', async () => {
    const client = registryClient();
    const location = await client.start('app');
    await client.ask('PATCH', location, { body: BLOB });
    for (const query of [
      `?digest=${digestOf('other')}`,
      '?digest=sha256:x',
      '',
      `?digest=${digest}&digest=${digest}`,
    ]) {
      const answer = await client.ask('PUT', location + query);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'DIGEST_INVALID']);
    }
    expect(await keysIn(client.storage, 'blobs/')).toEqual([]);
    expect((await client.ask('PUT', `${location}?digest=${digest}`)).status).toBe(201);
  });

  test('with the last chunk does not keep that chunk', async () => {
    const client = registryClient();
    const location = await client.start('app');
    await client.ask('PATCH', location, { body: 'abcd' });
    const put = await client.ask('PUT', `${location}?digest=${digest}`, ranged(4, 'xxxxxx'));
    expect(codeOf(put)).toBe('DIGEST_INVALID');
    expect((await client.ask('GET', location)).headers['range']).toBe('0-3');
    const right = await client.ask('PUT', `${location}?digest=${digest}`, ranged(4, 'efghij'));
    expect(right.status).toBe(201);
  });

  test('of another algorithm leaves nothing at all', async () => {
    const client = registryClient();
    const location = await client.start('app');
    await client.ask('PATCH', location, { body: BLOB });
    const put = await client.ask('PUT', `${location}?digest=${digestOf('other', 'sha512')}`);
    expect(codeOf(put)).toBe('DIGEST_INVALID');
    expect(await keysIn(client.storage, '')).toEqual([]);
    expect((await client.ask('GET', location)).status).toBe(404);
  });
});

test('a cancelled upload is gone with all it had', async () => {
  const client = registryClient();
  const location = await client.start('app');
  await client.ask('PATCH', location, { body: BLOB });
  expect((await client.ask('DELETE', location)).status).toBe(204);
  for (const method of ['GET', 'HEAD', 'PATCH', 'DELETE']) {
    expect((await client.ask(method, location, { body: 'x' })).status).toBe(404);
  }
  const put = await client.ask('PUT', `${location}?digest=${digest}`);
  expect(codeOf(put)).toBe('BLOB_UPLOAD_UNKNOWN');
  expect(await keysIn(client.storage, '')).toEqual([]);
});
