// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import {
  basic,
  openTestAccess,
  passwordFile,
  pull,
} from '../../../test/support/registry-access.ts';
import { ask, someRequest } from '../../../test/support/registry-requests.ts';
import { clientAddress } from '../../core/net/client-address.ts';
import { parsePrefix } from '../../core/net/prefix.ts';
import { parseChallenges } from '../../core/oci/challenge.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import type { Access } from '../access.ts';
import { SAMPLE_HASHES } from './sample-secrets.ts';

const PUSH = { repository: 'team/app', actions: ['push'] } as const;

async function refused(attempt: Promise<unknown>): Promise<RegistryError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RegistryError) return error;
  throw new Error('it was not refused');
}

function challengeOf({ headers }: RegistryError): Readonly<Record<string, string>> {
  const [challenge] = parseChallenges(headers[headers.indexOf('WWW-Authenticate') + 1] ?? '') ?? [];
  return { scheme: challenge?.scheme ?? '', ...Object.fromEntries(challenge?.parameters ?? []) };
}

describe('who a request comes from', () => {
  test('nobody, who may pull what is open without being asked anything', async () => {
    const { access } = await openTestAccess();
    const grant = await access.grantOf(pull(undefined));
    expect(grant.name).toBeUndefined();
    expect(grant.may('pull', 'public/a')).toBe(true);
    expect(grant.may('push', 'public/a')).toBe(false);
    expect(grant.may('pull', 'team/app')).toBe(false);
  });

  test('a user with a password, who may do all that rules allow', async () => {
    const { access } = await openTestAccess();
    const grant = await access.grantOf(pull(basic('pusher')));
    expect(grant.name).toBe('pusher');
    expect(grant.may('push', 'team/app')).toBe(true);
    expect(grant.may('delete', 'team/app')).toBe(false);
  });

  test('the bearer of a token, who may do what it is for', async () => {
    const { access, tokenFor } = await openTestAccess();
    const token = await tokenFor('pusher', 'repository:team/app:pull');
    const grant = await access.grantOf(pull(`Bearer ${token}`));
    expect(grant.name).toBe('pusher');
    expect(grant.may('pull', 'team/app')).toBe(true);
    expect(grant.may('push', 'team/app')).toBe(false);
    expect(grant.may('pull', 'team/other')).toBe(false);
    // Everybody may, with or without a token for it.
    expect(grant.may('pull', 'public/a')).toBe(true);
  });

  test('/v2/ asks for a login where there is anybody to log in', async () => {
    expect((await openTestAccess()).access.asksLogin).toBe(true);
    const { access } = await openTestAccess({ rules: [], groups: {}, users: undefined });
    expect(access.asksLogin).toBe(false);
    expect((await refused(access.grantOf(pull(basic('pusher'))))).status).toBe(401);
  });
});

describe('a refusal', () => {
  test('of nobody says where to get a token, and which', async () => {
    const { access } = await openTestAccess();
    const error = access.refusal(await access.grantOf(pull(undefined)), PUSH);
    expect(error).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    expect(challengeOf(error)).toEqual({
      scheme: 'bearer',
      realm: 'http://registry.example.org/token',
      service: 'archeion',
      scope: 'repository:team/app:pull,push',
    });
  });

  test('at /v2/ has no scope', async () => {
    const { access } = await openTestAccess();
    const error = access.refusal(await access.grantOf(pull(undefined, '/v2/')), undefined);
    expect(error.status).toBe(401);
    expect(challengeOf(error)).not.toHaveProperty('scope');
  });

  test('of a user whom no rule allows it is 403', async () => {
    const { access, tokenFor } = await openTestAccess();
    const token = await tokenFor('puller', 'repository:team/app:pull,push');
    for (const authorization of [basic('puller'), `Bearer ${token}`]) {
      const error = access.refusal(await access.grantOf(pull(authorization)), PUSH);
      expect(error).toMatchObject({ status: 403, code: 'DENIED', headers: [] });
      expect(error.message).toBe('"puller" may not push in "team/app"');
      const other = access.refusal(await access.grantOf(pull(authorization)), undefined);
      expect(other.status).toBe(403);
    }
  });

  test('of a token for too little says to get another', async () => {
    const { access, tokenFor } = await openTestAccess();
    const token = await tokenFor('pusher', 'repository:team/app:pull');
    const error = access.refusal(await access.grantOf(pull(`Bearer ${token}`)), PUSH);
    expect(error.status).toBe(401);
    expect(challengeOf(error)).toMatchObject({
      error: 'insufficient_scope',
      scope: 'repository:team/app:pull,push',
    });
  });

  test('of a token to pull, for who may only create, says so too, and ends with what they may', async () => {
    const { access, tokenFor } = await openTestAccess();
    const wanted = { repository: 'team/app', actions: ['pull', 'push'] } as const;
    const statusWith = async (words: string) => {
      const token = await tokenFor('creator', `repository:team/app:${words}`);
      return access.refusal(await access.grantOf(pull(`Bearer ${token}`)), wanted).status;
    };
    expect(await statusWith('pull')).toBe(401);
    expect(await statusWith('pull,push')).toBe(403);
    const grant = await access.grantOf(pull(basic('puller')));
    expect(access.refusal(grant, wanted).message).toBe('"puller" may not push in "team/app"');
  });

  test('of a grant from elsewhere is one all the same', async () => {
    const { access } = await openTestAccess();
    const none = { may: () => false, sees: undefined };
    expect(access.refusal({ name: undefined, ...none }, PUSH).status).toBe(401);
    expect(access.refusal({ name: 'x', ...none }, PUSH).status).toBe(403);
  });

  test.each([
    [basic('pusher', 'wrong'), {}],
    ['Basic !', {}],
    ['Bearer abc', { error: 'invalid_token' }],
  ])('of what is wrong says what to get instead: %s', async (authorization, more) => {
    const { access } = await openTestAccess();
    const request = pull(authorization, '/v2/team/app/blobs/uploads/', 'POST');
    const error = await refused(access.grantOf(request));
    expect(error.status).toBe(401);
    expect(challengeOf(error)).toMatchObject({
      scheme: 'bearer',
      scope: 'repository:team/app:pull,push',
      ...more,
    });
  });

  test.each(['evil.example"', 'a, b', 'a/b', 'user@host', 'a\r\nSet-Cookie: x', ''])(
    'threat 28: under the name %j it asks for the password instead of naming a realm',
    async (host) => {
      const { access } = await openTestAccess();
      const grant = await access.grantOf(someRequest('/v2/', { host }));
      const error = access.refusal(grant, undefined);
      expect(challengeOf(error)).toMatchObject({ scheme: 'basic', realm: 'archeion' });
    },
  );

  test('threat 28: a configured realm is the same under every name', async () => {
    const realm = 'https://registry.example.org/token';
    const { access } = await openTestAccess({ realm });
    const hosts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.domain());
    await fc.assert(
      fc.asyncProperty(hosts, async (host) => {
        const error = access.refusal(await access.grantOf(someRequest('/v2/', { host })), PUSH);
        expect(challengeOf(error)['realm']).toBe(realm);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('threat 12: what was taken away is gone', () => {
  test('a rule, at once, for tokens that are out and requests under way', async () => {
    const { access, settings, tokenFor } = await openTestAccess();
    const token = await tokenFor('owner', 'repository:team/app:*');
    const under = await access.grantOf(pull(`Bearer ${token}`));
    expect(under.may('delete', 'team/app')).toBe(true);
    access.setRules({ ...settings, groups: { owners: [] } });
    expect(under.may('delete', 'team/app')).toBe(false);
    const next = await access.grantOf(pull(`Bearer ${token}`));
    expect(next.may('pull', 'team/app')).toBe(false);
    expect(access.refusal(next, PUSH).status).toBe(403);
  });

  test('and what is new needs a new token, whose challenge says so', async () => {
    const { access, settings, tokenFor } = await openTestAccess();
    const token = await tokenFor('friend', 'repository:team/app:pull,push');
    access.setRules({ ...settings, groups: { owners: ['friend'] } });
    const grant = await access.grantOf(pull(`Bearer ${token}`));
    expect(grant.may('push', 'team/app')).toBe(false);
    expect(access.refusal(grant, PUSH).status).toBe(401);
  });

  test('a user, a second later, with every token', async () => {
    const { access, state, tokenFor } = await openTestAccess();
    const token = await tokenFor('owner', 'repository:team/app:*');
    state.files.set('users', passwordFile(['friend']));
    state.time += 1_000;
    const error = await refused(access.grantOf(pull(`Bearer ${token}`)));
    expect(challengeOf(error)['error']).toBe('invalid_token');
    expect((await refused(access.grantOf(pull(basic('owner'))))).status).toBe(401);
  });

  test('a password, a second later, though it was remembered', async () => {
    const { access, state } = await openTestAccess();
    await access.grantOf(pull(basic('owner')));
    const ownersLine = passwordFile(['friend']).replace('friend:', 'owner:');
    state.files.set('users', ownersLine);
    state.time += 1_000;
    expect((await refused(access.grantOf(pull(basic('owner'))))).status).toBe(401);
  });

  test('a token, when its time is over', async () => {
    const { access, state, tokenFor } = await openTestAccess();
    const token = await tokenFor('owner', 'repository:team/app:*');
    state.time += 300_000 + 30_000;
    expect((await refused(access.grantOf(pull(`Bearer ${token}`)))).status).toBe(401);
  });
});

describe('replicas over one store', () => {
  test('take the tokens of each other', async () => {
    const storage = memoryDriver();
    const [one, other] = await Promise.all([
      openTestAccess({}, { storage }),
      openTestAccess({}, { storage }),
    ]);
    const token = await one.tokenFor('pusher', 'repository:team/app:push');
    const grant = await other.access.grantOf(pull(`Bearer ${token}`));
    expect(grant.may('push', 'team/app')).toBe(true);
    const stranger = await openTestAccess();
    expect((await refused(stranger.access.grantOf(pull(`Bearer ${token}`)))).status).toBe(401);
  });
});

describe('threat 13: it does not start', () => {
  test('with a hash from the documentation', async () => {
    const readFile = async () => `admin:${[...SAMPLE_HASHES][0]}\n`;
    await expect(openTestAccess({}, { readFile })).rejects.toThrow(/sample from the documentation/);
  });

  test('without the key it is told to use', async () => {
    const tokens = { keyFile: 'missing.pem' };
    const problem = /missing.pem: the key of tokens cannot be read/;
    await expect(openTestAccess({ tokens })).rejects.toThrow(problem);
  });

  test('without the users it is told to use', async () => {
    await expect(openTestAccess({ users: { file: 'missing' } })).rejects.toThrow(/cannot be read/);
  });

  test('and where nothing is configured there is no way in', async () => {
    const { access } = await openTestAccess({
      ...{ anonymousPull: [], rules: [], groups: {}, users: undefined },
    });
    const names = ['admin', 'archeion', 'root', 'test'];
    for (const name of names) {
      const error = await refused(access.grantOf(pull(basic(name, name))));
      expect(error.status).toBe(401);
    }
    const grant = await access.grantOf(pull(undefined));
    expect(grant.may('pull', 'a')).toBe(false);
  });
});

describe('threat 26: wrong passwords are counted by an address that can be believed', () => {
  const proxies = [parsePrefix('10.0.0.0/8')].flatMap((prefix) => prefix ?? []);

  async function guess(access: Access, peer: string, forwarded: string): Promise<number> {
    const headers = { authorization: basic('owner', `guess ${forwarded}`) };
    const request = someRequest('/v2/', { ...headers, 'x-forwarded-for': forwarded });
    return (await refused(access.grantOf({ ...request, peer }))).status;
  }

  async function statuses(peer: string): Promise<readonly number[]> {
    const policy = { kind: 'proxies', header: 'x-forwarded-for', proxies } as const;
    const { access } = await openTestAccess(
      {},
      { addressOf: (r) => clientAddress(policy, r.peer, r.header('x-forwarded-for')) },
    );
    const found: number[] = [];
    for (let turn = 0; turn < 30; turn++) {
      found.push(await guess(access, peer, `198.51.100.${turn}`));
    }
    return found;
  }

  test('a header that a stranger made up is no way around the limit', async () => {
    const found = await statuses('192.0.2.1');
    expect(found.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(found.slice(20)).toEqual(Array(10).fill(429));
  });

  test('behind a proxy of ours each client counts for itself', async () => {
    expect(await statuses('10.0.0.1')).toEqual(Array(30).fill(401));
  });
});

test('threat 31: no secret is in an answer, an error or the log', async () => {
  const { access, state, tokenFor } = await openTestAccess();
  const planted = 'tulips-4711';
  const token = await tokenFor('pusher', 'repository:team/app:pull');
  const said: unknown[] = [];
  for (const authorization of [
    basic('pusher', planted),
    basic(planted, planted),
    `Basic ${planted}`,
    `Bearer ${planted}`,
    `Bearer ${token}x`,
  ]) {
    const errors = [
      await refused(access.grantOf(pull(authorization))),
      await refused(ask(access.tokenHandler, someRequest('/token', { authorization }))),
    ];
    said.push(...errors.map((error) => [String(error), error.stack, error.headers, error.detail]));
  }
  state.files.set('users', `owner:${planted}\n`);
  state.time += 1_000;
  await access.grantOf(pull(`Bearer ${token}`));
  expect(state.lines.join()).toContain('"users-refused"');
  const all = JSON.stringify([said, state.lines]);
  for (const secret of [planted, Buffer.from(planted).toString('base64'), token, '$scrypt']) {
    expect(all).not.toContain(secret);
  }
});
