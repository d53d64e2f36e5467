// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { type CredentialProvider, openAuthorization } from './authorization.ts';

const home = new URL('https://up.example');
const url = new URL('https://up.example/v2/a/tags/list');
const BEARER = 'Bearer realm="https://up.example/token"';

/** The authorization of an upstream whose token service numbers its tokens. */
function authorization(credentials: CredentialProvider) {
  const asked: Array<string | undefined> = [];
  const transport = {
    async send({ headers }: { readonly headers: Readonly<Record<string, string>> }) {
      asked.push(headers['authorization']);
      const body = tokenBody(asked.length);
      return { status: 200, header: () => undefined, body, discard: async () => undefined };
    },
    close: async () => undefined,
  };
  const ports = { transport, credentials, now: () => 0, log: silentLog };
  return { ...openAuthorization({ home, tokenHosts: [] }, ports), asked };
}

async function* tokenBody(count: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`{"token":"t${count}"}`);
}

test('a token that another request has renewed meanwhile is taken', async () => {
  const { answer, asked } = authorization(async () => undefined);
  const refusal = { url, scope: 's', sent: undefined, challenges: BEARER };
  expect(await answer(refusal)).toBe('Bearer t1');
  expect(await answer(refusal)).toBe('Bearer t1');
  expect(await answer({ ...refusal, sent: 'Bearer t1' })).toBe('Bearer t2');
  expect(asked).toHaveLength(2);
});

test('each scope has a token of its own', async () => {
  const { answer, valueFor } = authorization(async () => undefined);
  await answer({ url, scope: 'a', sent: undefined, challenges: BEARER });
  await answer({ url, scope: undefined, sent: undefined, challenges: BEARER });
  expect([valueFor('a'), valueFor(undefined), valueFor('b')]).toEqual([
    'Bearer t1',
    'Bearer t2',
    undefined,
  ]);
});

test('a rotated secret is picked up, the same one is not tried twice', async () => {
  const passwords = ['old', 'new', 'new'];
  const { answer, valueFor } = authorization(async () => ({
    username: 'u',
    password: passwords.shift() ?? '',
  }));
  const refusal = { url, scope: 's', challenges: 'Basic realm="x"' };
  const first = await answer({ ...refusal, sent: undefined });
  const second = await answer({ ...refusal, sent: first });
  expect([first, second]).toEqual(['Basic dTpvbGQ=', 'Basic dTpuZXc=']);
  expect(valueFor('any')).toBe(second);
  await expect(answer({ ...refusal, sent: second })).rejects.toMatchObject({
    code: 'unauthorized',
  });
});

test('a token is preferred where both are offered', async () => {
  const { answer, asked } = authorization(async () => ({ username: 'u', password: 'p' }));
  const challenges = `Basic realm="x", ${BEARER}`;
  expect(await answer({ url, scope: 's', sent: undefined, challenges })).toBe('Bearer t1');
  expect(asked).toEqual(['Basic dTpw']);
});
