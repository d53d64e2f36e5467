// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { as, fakeAccess } from '../../test/support/fake-access.ts';
import { registryClient } from '../../test/support/registry-client.ts';
import { imageOf, pushImage } from '../../test/support/registry-pushes.ts';
import { codeOf } from '../../test/support/registry-refusals.ts';
import { keysIn } from '../../test/support/storage-reading.ts';
import type { Action } from './access.ts';
import { digestOf } from './store/verify-body.ts';

const IMAGE = imageOf('layer');
const digest = digestOf(IMAGE);
const layer = digestOf('layer');

const ACTIONS: readonly Action[] = ['pull', 'push', 'create', 'delete'];
const VERBS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'];

/** What each verb needs at each kind of path: any one of these. What is not here is possible for nobody. */
const NEEDED: Readonly<Record<string, Readonly<Record<string, readonly Action[]>>>> = {
  'manifests/v1': {
    GET: ['pull'],
    HEAD: ['pull'],
    PUT: ['push', 'create'],
    DELETE: ['delete'],
  },
  [`manifests/${digest}`]: {
    GET: ['pull'],
    HEAD: ['pull'],
    PUT: ['push', 'create'],
    DELETE: ['delete'],
  },
  [`blobs/${layer}`]: { GET: ['pull'], HEAD: ['pull'], DELETE: ['delete'] },
  'tags/list': { GET: ['pull'], HEAD: ['pull'] },
  [`referrers/${digest}`]: { GET: ['pull'], HEAD: ['pull'] },
  'blobs/uploads/': { POST: ['push', 'create'] },
  [`blobs/uploads/${'a'.repeat(32)}`]: {
    GET: ['push', 'create'],
    HEAD: ['push', 'create'],
    PUT: ['push', 'create'],
    PATCH: ['push', 'create'],
    DELETE: ['push', 'create'],
  },
};

const access = fakeAccess({
  owner: { '*': ACTIONS },
  ...Object.fromEntries(ACTIONS.map((action) => [action, { app: [action] }])),
});

const CASES = Object.keys(NEEDED).flatMap((path) =>
  VERBS.flatMap((verb) => ACTIONS.map((action) => [verb, path, action] as const)),
);

test.each(CASES)('threat 10: %s of %s for who may only %s', async (verb, path, action) => {
  const client = registryClient({ access });
  const owner = { client, repository: 'app', reference: 'v1', ...as('owner') };
  await pushImage(owner, IMAGE);
  const before = await keysIn(client.storage, '');
  const query = path.startsWith('blobs/uploads') ? `?digest=${layer}` : '';
  const { status } = await client.ask(verb, `app/${path}${query}`, { ...as(action), body: IMAGE });
  const needed = NEEDED[path]?.[verb];
  const refused = needed === undefined ? 405 : 403;
  const isAllowed = needed?.includes(action) === true;
  expect(status === refused).toBe(!isAllowed);
  const after = await keysIn(client.storage, '');
  expect(isAllowed ? before : after).toEqual(before);
  const elsewhere = await client.ask(verb, `elsewhere/${path}${query}`, as(action));
  expect(elsewhere.status).toBe(refused);
});

test('threat 8: what may not be seen is refused as what is not there is', async () => {
  const client = registryClient({ access });
  await pushImage({ client, repository: 'secret', reference: 'v1', ...as('owner') }, IMAGE);
  for (const who of [as('pull'), {}]) {
    for (const path of ['manifests/v1', `blobs/${layer}`, 'tags/list', `referrers/${digest}`]) {
      for (const verb of ['GET', 'HEAD']) {
        const there = await client.ask(verb, `secret/${path}`, who);
        const nowhere = await client.ask(verb, `nowhere/${path}`, who);
        expect([there.status, there.text]).toEqual([nowhere.status, nowhere.text]);
        expect([401, 403]).toContain(there.status);
      }
    }
  }
});

test('a body is not looked at before it is known who sends it', async () => {
  const client = registryClient({ access });
  let read = false;
  const body = async function* (): AsyncGenerator<Uint8Array> {
    read = true;
    yield Buffer.from('x');
  };
  for (const [verb, path] of [
    ['PUT', 'manifests/v1'],
    ['POST', `blobs/uploads/?digest=${layer}`],
  ] as const) {
    const answer = await client.ask(verb, `app/${path}`, { body: body() });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHORIZED']);
  }
  expect(read).toBe(false);
});

test('who pushes learns at the API that it asks who they are, when it does', async () => {
  const client = registryClient({ access });
  expect((await client.ask('GET', '')).status).toBe(401);
  expect((await client.ask('GET', '', as('owner'))).status).toBe(200);
  const open = registryClient({ access: { ...access, asksLogin: false } });
  expect((await open.ask('GET', '')).status).toBe(200);
  expect((await registryClient().ask('GET', '')).status).toBe(200);
});
