// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { openAuthorization } from './authorization.ts';
import type { CredentialProvider } from './credentials/credentials.ts';
import type { WireRequest } from './transport.ts';

const home = new URL('https://up.example');
const url = new URL('https://up.example/v2/a/tags/list');
const BEARER = 'Bearer realm="https://up.example/token"';

/** The authorization of an upstream whose token service numbers its tokens. */
function authorization(credentials: CredentialProvider) {
  const asked: Array<string | undefined> = [];
  const requests: WireRequest[] = [];
  const transport = {
    async send(request: WireRequest) {
      requests.push(request);
      asked.push(request.headers['authorization']);
      const body = tokenBody(asked.length);
      return { status: 200, header: () => undefined, body, discard: async () => undefined };
    },
    close: async () => undefined,
  };
  const ports = { transport, credentials, now: () => 0, log: silentLog };
  return { ...openAuthorization({ home, tokenHosts: [] }, ports), asked, requests };
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

test('an identity token is exchanged at the token service, and the registry never gets it', async () => {
  const { answer, requests } = authorization(async () => ({
    kind: 'identity-token',
    token: 'identity',
  }));
  const asked = { url, scope: 'repository:a:pull', sent: undefined };
  expect(await answer({ ...asked, challenges: `${BEARER},service="r"` })).toBe('Bearer t1');
  expect(requests[0]).toMatchObject({ method: 'POST', url: new URL('https://up.example/token') });
  expect(requests[0]?.headers['authorization']).toBeUndefined();
  expect(Object.fromEntries(new URLSearchParams(String(requests[0]?.body)))).toEqual({
    grant_type: 'refresh_token',
    client_id: 'archeion',
    service: 'r',
    scope: 'repository:a:pull',
    refresh_token: 'identity',
  });
  await expect(answer({ ...asked, challenges: 'Basic realm="x"' })).rejects.toThrow('refused');
});

test('threat 4: an identity token goes to no realm that is not named', async () => {
  const { answer, requests } = authorization(async () => ({
    kind: 'identity-token',
    token: 'identity',
  }));
  const challenges = 'Bearer realm="https://evil.example/token"';
  await answer({ url, scope: 's', sent: undefined, challenges });
  expect(requests).toMatchObject([{ method: 'GET' }]);
  expect(JSON.stringify(requests)).not.toContain('identity');
});

test('a token of the registry is given to the registry, and to nobody else', async () => {
  const tokens = ['old', 'new', 'new'];
  const { answer, valueFor, asked } = authorization(async () => ({
    kind: 'registry-token',
    token: tokens.shift() ?? '',
  }));
  const refusal = { url, scope: 's', challenges: BEARER };
  expect(await answer({ ...refusal, sent: undefined })).toBe('Bearer old');
  expect(await answer({ ...refusal, sent: 'Bearer old' })).toBe('Bearer new');
  expect(valueFor('any')).toBe('Bearer new');
  await expect(answer({ ...refusal, sent: 'Bearer new' })).rejects.toThrow('refused');
  expect(asked).toEqual([]);
});
