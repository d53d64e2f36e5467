// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { as, fakeAccess } from '../../../test/support/fake-access.ts';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { type RegistryClient, registryClient } from '../../../test/support/registry-client.ts';
import { codeOf } from '../../../test/support/registry-refusals.ts';
import { keysIn } from '../../../test/support/storage-reading.ts';
import { digestOf } from '../store/verify-body.ts';

const digest = digestOf('abc');
const access = fakeAccess({
  alice: { app: ['push', 'pull'], other: ['push', 'pull'] },
  bob: { app: ['push', 'pull'], other: ['push', 'pull'] },
});

async function begun(client: RegistryClient): Promise<string> {
  const { headers } = await client.ask('POST', 'app/blobs/uploads/', as('alice'));
  const location = headers['location'] ?? '';
  await client.ask('PATCH', location, { ...as('alice'), body: 'abc' });
  return location;
}

const METHODS = ['GET', 'HEAD', 'PATCH', 'PUT', 'DELETE'];

test.each([
  ['somebody else', (location: string) => location, 'bob'],
  ['another repository', (location: string) => location.replace('app', 'other'), 'alice'],
])('threat 20: an upload is unknown to %s', async (_, change, who) => {
  const client = registryClient({ access });
  const location = await begun(client);
  for (const method of METHODS) {
    const path = `${change(location)}?digest=${digest}`;
    const answer = await client.ask(method, path, { ...as(who), body: 'x' });
    expect([answer.status, codeOf(answer)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  }
  expect((await client.ask('PUT', `${location}?digest=${digest}`, as('alice'))).status).toBe(201);
});

test('threat 20: an upload of nobody in particular is not theirs who say who they are', async () => {
  const rules = { anonymous: { app: ['push'] }, bob: { app: ['push'] } } as const;
  const client = registryClient({ access: fakeAccess(rules) });
  const location = await client.start('app');
  expect((await client.ask('GET', location, as('bob'))).status).toBe(404);
  expect((await client.ask('GET', location)).status).toBe(204);
});

test('threat 20: an upload is over when its time is, and each chunk prolongs it', async () => {
  let now = 0;
  const client = registryClient({ now: () => now, settings: { uploadLifetime: 10 } });
  const location = await client.start('app');
  now = 9;
  expect((await client.ask('PATCH', location, { body: 'abc' })).status).toBe(202);
  now = 18;
  expect((await client.ask('GET', location)).status).toBe(204);
  now = 19;
  expect((await client.ask('PUT', `${location}?digest=${digest}`)).status).toBe(404);
});

test('threat 20: a finished upload cannot be finished again', async () => {
  const client = registryClient({ access });
  const location = await begun(client);
  const finish = () => client.ask('PUT', `${location}?digest=${digest}`, as('alice'));
  expect((await finish()).status).toBe(201);
  expect((await finish()).status).toBe(404);
});

test('threat 20: no id that was not drawn leads anywhere', async () => {
  const client = registryClient();
  const location = await client.start('app');
  const before = await keysIn(client.storage, '');
  const id = location.slice(location.lastIndexOf('/') + 1);
  const forged = fc.oneof(
    fc.constantFrom('..%2f..%2flayout', '%2e%2e', `${id}%00`, id.toUpperCase(), `${id}x`, '%zz'),
    fc.string({ unit: fc.constantFrom(...'abcdef0123456789'), minLength: 32, maxLength: 32 }),
    fc.string({ maxLength: 40 }).map(encodeURIComponent),
  );
  await fc.assert(
    fc.asyncProperty(forged, fc.constantFrom(...METHODS), async (text, method) => {
      const path = `app/blobs/uploads/${text}?digest=${digest}`;
      const { status } = await client.ask(method, path, { body: 'x' });
      // No id at all is where uploads begin.
      expect(status).toBe(text === '' ? 405 : 404);
    }),
    { numRuns: PROPERTY_RUNS },
  );
  expect(await keysIn(client.storage, '')).toEqual(before);
});
