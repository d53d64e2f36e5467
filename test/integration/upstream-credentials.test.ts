// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import {
  bearerChallenge,
  type CapturedRequest,
  type FakeAnswer,
  type FakeUpstream,
  json,
} from '../support/fake-upstream.ts';
import { authorizations, BASIC, upstreamBench } from '../support/upstream-bench.ts';

const PATH = '/v2/a/manifests/latest';
const { start, connect } = upstreamBench();

/** A registry that wants a token from `realm`, which may be itself. */
function wantsToken(realm: string, token: string) {
  return ({ authorization, target }: CapturedRequest): FakeAnswer | undefined => {
    if (target.startsWith('/token')) return json({ token });
    return authorization === `Bearer ${token}` ? { body: 'ok' } : bearerChallenge(realm);
  };
}

test('nothing is sent before it is asked for, and Basic goes to the origin only', async () => {
  const up = await start(({ authorization }) =>
    authorization === BASIC
      ? { body: 'ok' }
      : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
  );
  const client = connect(up.url);
  await client.get(PATH);
  await client.get(PATH);
  expect(authorizations(up)).toEqual([undefined, BASIC, BASIC]);
});

test('a token is asked for once, for the repository at hand, and used until it is over', async () => {
  let time = 0;
  const up: FakeUpstream = await start((request) => wantsToken(`${up.url}/token`, 'good')(request));
  const client = connect(up.url, { ports: { now: () => time } });
  await Promise.all([client.get(PATH), client.get(PATH), client.get(PATH)]);
  await client.get(PATH);
  const tokens = () => up.requests.filter(({ target }) => target.startsWith('/token'));
  expect(tokens().map(({ target, authorization }) => [target, authorization])).toEqual([
    ['/token?service=registry&scope=repository%3Aa%3Apull', BASIC],
  ]);
  expect(authorizations(up).at(-1)).toBe('Bearer good');
  time = 50_000;
  await client.get(PATH);
  expect(tokens()).toHaveLength(2);
});

test('a token that is not taken any more is replaced', async () => {
  const tokens = ['first', 'second'];
  let current = '';
  const up: FakeUpstream = await start((request) => {
    if (request.target.startsWith('/token')) current = tokens.shift() ?? '';
    return wantsToken(`${up.url}/token`, current)(request);
  });
  const client = connect(up.url);
  await client.get(PATH);
  current = 'revoked';
  await client.get(PATH);
  expect(authorizations(up).slice(-3)).toEqual(['Bearer first', BASIC, 'Bearer second']);
});

test('without credentials the token is asked for anonymously', async () => {
  const up: FakeUpstream = await start((request) => wantsToken(`${up.url}/token`, 'free')(request));
  const found = await connect(up.url, { credentials: async () => undefined }).get(PATH);
  expect(found?.bytes.byteLength).toBe(2);
  expect(authorizations(up)).toEqual([undefined, undefined, 'Bearer free']);
});

test('a token service of another host gets them when the configuration names it', async () => {
  const auth = await start(wantsToken('', 'good'));
  const up = await start(wantsToken(`${auth.url}/token`, 'good'));
  const found = await connect(up.url, { tokenHosts: [auth.host] }).get(PATH);
  expect(found?.bytes.byteLength).toBe(2);
  expect(authorizations(auth)).toEqual([BASIC]);
});

test.each([
  ['no challenge', undefined],
  ['a malformed challenge', 'Bearer realm="x'],
  ['an unknown scheme', 'Digest realm="x"'],
  ['Basic again and again', 'Basic realm="x"'],
  ['a Bearer without realm', 'Bearer service="x"'],
])('%s ends in an error that says so', async (_name, challenge) => {
  const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
  const up = await start(() => ({ status: 401, headers }));
  const error = await connect(up.url)
    .get(PATH)
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: expect.stringMatching(/^(unauthorized|bad-answer)$/) });
  expect(up.requests.length).toBeLessThan(4);
});

test.each([
  ['refuses', { status: 403 }, 'unauthorized'],
  ['fails', { status: 500 }, 'status'],
  ['redirects', { status: 307, headers: { location: 'https://evil.example/' } }, 'status'],
  ['talks nonsense', { body: '<html>' }, 'bad-answer'],
  ['never stops', { body: 'x'.repeat(70_000) }, 'too-large'],
])('threat 4: a realm that %s ends in an error', async (_name, answer, code) => {
  const up: FakeUpstream = await start(({ target }) =>
    target.startsWith('/token') ? answer : bearerChallenge(`${up.url}/token`),
  );
  const client = connect(up.url, { limits: { retries: 0 } });
  await expect(client.get(PATH)).rejects.toMatchObject({ code });
});
