// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { basic, openTestAccess } from '../../../test/support/registry-access.ts';
import { type RegistryClient, registryClient } from '../../../test/support/registry-client.ts';
import { imageOf, pushImage } from '../../../test/support/registry-pushes.ts';
import { parseChallenges } from '../../core/oci/challenge.ts';
import { digestOf } from '../store/verify-body.ts';

const IMAGE = imageOf('layer');
const OTHER = imageOf('layer', { annotations: { other: 'yes' } });

/** A registry with `team/app:v1`, and who may do what as `RULES` say. */
async function openRegistry() {
  const { access, tokenFor } = await openTestAccess();
  const client = registryClient({ access });
  const owner = { authorization: basic('owner') };
  const push = { client, repository: 'team/app', reference: 'v1', headers: owner };
  expect((await pushImage(push, IMAGE)).status).toBe(201);
  return { client, tokenFor };
}

type Way = (user: string) => Promise<string>;

async function pushAs(client: RegistryClient, reference: string, authorization: string) {
  const push = { client, repository: 'team/app', reference, headers: { authorization } };
  return (await pushImage(push, OTHER)).status;
}

describe('a registry with access', () => {
  test.each(['password', 'token'])(
    'threat 11: who may only create moves no tag, by %s',
    async (kind) => {
      const { client, tokenFor } = await openRegistry();
      const ways: Readonly<Record<string, Way>> = {
        password: async (user) => basic(user),
        token: async (user) => `Bearer ${await tokenFor(user, 'repository:team/app:pull,push')}`,
      };
      const as = ways[kind] ?? basic;
      expect(await pushAs(client, 'v1', await as('creator'))).toBe(403);
      expect(await pushAs(client, 'v2', await as('creator'))).toBe(201);
      expect(await pushAs(client, 'v1', await as('puller'))).toBe(403);
      expect(await pushAs(client, 'v3', await as('deleter'))).toBe(403);
      expect(await pushAs(client, 'v1', await as('pusher'))).toBe(201);
    },
  );

  test('threat 10: a token to push deletes nothing', async () => {
    const { client, tokenFor } = await openRegistry();
    const headers = {
      authorization: `Bearer ${await tokenFor('pusher', 'repository:team/app:*')}`,
    };
    for (const path of [
      'manifests/v1',
      `manifests/${digestOf(IMAGE)}`,
      `blobs/${digestOf('layer')}`,
    ]) {
      expect((await client.ask('DELETE', `team/app/${path}`, { headers })).status).toBe(403);
    }
    expect((await client.ask('GET', 'team/app/manifests/v1', { headers })).status).toBe(200);
  });

  test('a challenge, followed to the letter, leads to a push', async () => {
    const { client, tokenFor } = await openRegistry();
    const host = { host: 'registry.example.org' };
    const refused = await client.ask('POST', 'team/app/blobs/uploads/', { headers: host });
    expect(refused.status).toBe(401);
    const [challenge] = parseChallenges(refused.headers['www-authenticate'] ?? '') ?? [];
    expect(challenge?.parameters.get('realm')).toBe('http://registry.example.org/token');
    const token = await tokenFor('creator', challenge?.parameters.get('scope') ?? '');
    const headers = { authorization: `Bearer ${token}` };
    expect((await client.ask('POST', 'team/app/blobs/uploads/', { headers })).status).toBe(202);
  });

  test.each(['friend', 'nobody'])('threat 8: %s cannot tell what is there', async (user) => {
    const { client } = await openRegistry();
    const headers: Readonly<Record<string, string>> =
      user === 'nobody' ? {} : { authorization: basic(user) };
    const paths = ['manifests/v1', `manifests/${digestOf(IMAGE)}`, `blobs/${digestOf('layer')}`];
    for (const path of [...paths, 'tags/list', `referrers/${digestOf(IMAGE)}`]) {
      for (const method of ['GET', 'HEAD']) {
        const answers = ['team/app', 'team/non'].map(async (repository) => {
          const asked = await client.ask(method, `${repository}/${path}`, { headers });
          const seen = { status: asked.status, headers: asked.headers, text: asked.text };
          return JSON.stringify(seen).replaceAll(repository, 'NAME');
        });
        const [present, missing] = await Promise.all(answers);
        expect(present).toContain(user === 'nobody' ? '"status":401' : '"status":403');
        expect(missing).toBe(present);
      }
    }
  });

  test('threat 8: a mount from where one may not pull is an ordinary upload', async () => {
    const { client } = await openRegistry();
    const headers = { authorization: basic('deleter') };
    const into = `public/app/blobs/uploads/?mount=${digestOf('layer')}&from=team/app`;
    expect((await client.ask('POST', into, { headers })).status).toBe(403);
    const owner = { authorization: basic('owner') };
    const mount = `team/other/blobs/uploads/?mount=${digestOf('layer')}`;
    expect((await client.ask('POST', `${mount}&from=team/app`, { headers: owner })).status).toBe(
      201,
    );
    expect((await client.ask('POST', `${mount}&from=secret/app`, { headers: owner })).status).toBe(
      202,
    );
  });
});
