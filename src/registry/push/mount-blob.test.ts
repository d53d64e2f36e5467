// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { NO_DIGESTS } from '../../../test/support/digest-corpus.ts';
import { as, fakeAccess } from '../../../test/support/fake-access.ts';
import { type RegistryClient, registryClient } from '../../../test/support/registry-client.ts';
import { digestOf } from '../store/verify-body.ts';

const BLOB = 'shared bytes';
const digest = digestOf(BLOB);
const access = fakeAccess({
  owner: { '*': ['pull', 'push'] },
  guest: { app: ['pull', 'push'], open: ['pull'] },
});

async function filled(repository: string): Promise<RegistryClient> {
  const client = registryClient({ access });
  const path = `${repository}/blobs/uploads/?digest=${digest}`;
  await client.ask('POST', path, { ...as('owner'), body: BLOB });
  return client;
}

describe.each([
  ['with from', '&from=open%2Fbase'],
  ['without from', ''],
])('a blob is mounted, %s', (_, from) => {
  test('from a repository that has it', async () => {
    const client = registryClient();
    await client.push('open/base', BLOB);
    const answer = await client.ask('POST', `app/blobs/uploads/?mount=${digest}${from}`);
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({
      location: `/v2/app/blobs/${digest}`,
      'docker-content-digest': digest,
    });
    expect((await client.ask('GET', `app/blobs/${digest}`)).text).toBe(BLOB);
  });

  test('only if it is there', async () => {
    const client = registryClient();
    const answer = await client.ask('POST', `app/blobs/uploads/?mount=${digest}${from}`);
    expect(answer.status).toBe(202);
    const location = answer.headers['location'] ?? '';
    const put = await client.ask('PUT', `${location}?digest=${digest}`, { body: BLOB });
    expect(put.status).toBe(201);
  });
});

test('a blob is mounted from what may be pulled, and only from there', async () => {
  const client = await filled('open');
  for (const query of [`?mount=${digest}&from=open`, `?mount=${digest}`]) {
    const answer = await client.ask('POST', `app/blobs/uploads/${query}`, as('guest'));
    expect(answer.status).toBe(201);
  }
});

test('threat 8: what may not be pulled is mounted as little as what is not there', async () => {
  const client = await filled('secret');
  const absent = digestOf('absent');
  const answers = [];
  for (const what of [digest, absent]) {
    for (const from of ['', '&from=secret', '&from=nowhere']) {
      const path = `app/blobs/uploads/?mount=${what}${from}`;
      const { status, headers, text } = await client.ask('POST', path, as('guest'));
      answers.push({ status, names: Object.keys(headers), range: headers['range'], text });
    }
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.status).toBe(202);
  for (const method of ['GET', 'HEAD']) {
    const pulled = await client.ask(method, `app/blobs/${digest}`, as('guest'));
    expect(pulled.status).toBe(404);
  }
});

test.each([...NO_DIGESTS])('threat 16: %s is mounted from nowhere', async (_, text) => {
  const client = registryClient();
  await client.push('open', BLOB);
  const path = `app/blobs/uploads/?mount=${encodeURIComponent(text)}`;
  expect((await client.ask('POST', path)).status).toBe(202);
});

test.each(['..', 'Open', 'open/', 'open!x', ''])(
  '"%s" is no repository to mount from',
  async (name) => {
    const client = registryClient();
    await client.push('open', BLOB);
    const path = `app/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(name)}`;
    expect((await client.ask('POST', path)).status).toBe(202);
  },
);
