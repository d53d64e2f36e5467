// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { basic, openTestAccess, passwordOf, pull } from '../../../test/support/registry-access.ts';
import { ask, type ReceivedAnswer, someRequest } from '../../../test/support/registry-requests.ts';
import type { Handler } from '../../protocol/http.ts';
import { withTokenEndpoint } from './open-access.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function post(
  handler: Handler,
  form: Readonly<Record<string, string>> | Uint8Array,
  headers: Readonly<Record<string, string>> = FORM,
): Promise<ReceivedAnswer> {
  const bytes =
    form instanceof Uint8Array ? form : Buffer.from(new URLSearchParams(form).toString());
  const body = (async function* () {
    yield bytes;
  })();
  return ask(handler, { ...someRequest('/token', headers, 'POST'), body });
}

function login(name: string, change: Readonly<Record<string, string>> = {}) {
  const scope = 'repository:team/app:pull,push';
  const form = { grant_type: 'password', username: name, password: passwordOf(name), scope };
  return { ...form, service: 'archeion', client_id: 'containerd', ...change };
}

describe('the token endpoint', () => {
  test('answers as the token specification says', async () => {
    const { access, tokenAnswer } = await openTestAccess();
    const answer = await tokenAnswer('pusher', 'repository:team/app:pull,push');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    });
    const { token, ...rest } = JSON.parse(answer.text);
    expect(rest).toEqual({
      access_token: token,
      expires_in: 300,
      issued_at: '2026-01-01T00:00:00.000Z',
      scope: 'repository:team/app:pull,push',
    });
    const grant = await access.grantOf(pull(`Bearer ${token}`));
    expect(grant.name).toBe('pusher');
    expect(grant.may('push', 'team/app')).toBe(true);
  });

  test('leaves out what is not allowed, and is still 200', async () => {
    const { tokenAnswer } = await openTestAccess();
    const all = 'repository:team/app:* repository:public/a:pull,push repository:other:pull';
    for (const [user, scope] of [
      ['puller', 'repository:team/app:pull repository:public/a:pull'],
      ['friend', 'repository:public/a:pull'],
      [undefined, 'repository:public/a:pull'],
    ] as const) {
      const answer = await tokenAnswer(user, all);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text).scope).toBe(scope);
    }
  });

  test('takes several scopes, as parameters of the same name or in one', async () => {
    const { access } = await openTestAccess();
    const target =
      '/token?scope=repository:team/a:pull&scope=repository:team/b:pull%20repository:team/c:pull';
    const answer = await ask(
      access.tokenHandler,
      someRequest(target, { authorization: basic('puller') }),
    );
    expect(JSON.parse(answer.text).scope.split(' ')).toHaveLength(3);
  });

  test('without a scope gives a token by which a login is tried', async () => {
    const { access } = await openTestAccess();
    const request = someRequest('/token', { authorization: basic('friend') });
    const { token } = JSON.parse((await ask(access.tokenHandler, request)).text);
    expect((await access.grantOf(pull(`Bearer ${token}`, '/v2/'))).name).toBe('friend');
  });

  test('takes a form by POST', async () => {
    const { access } = await openTestAccess();
    const answer = await post(access.tokenHandler, login('pusher'));
    expect(answer.status).toBe(200);
    const grant = await access.grantOf(pull(`Bearer ${JSON.parse(answer.text).access_token}`));
    expect(grant.may('push', 'team/app')).toBe(true);
  });

  test.each([
    ['pusher', 'wrong'],
    ['nobody', 'tulips-of-nobody'],
    ['__proto__', 'x'],
    ['pusher', ''],
  ])('a wrong login is 401 by GET and by POST: %s', async (name, password) => {
    const { access } = await openTestAccess();
    const refusal = {
      code: 'UNAUTHORIZED',
      status: 401,
      message: 'wrong user name or password',
      headers: ['WWW-Authenticate', 'Basic realm="archeion", charset="UTF-8"'],
    };
    const request = someRequest('/token', { authorization: basic(name, password) });
    await expect(ask(access.tokenHandler, request)).rejects.toMatchObject(refusal);
    const form = login(name, { password });
    await expect(post(access.tokenHandler, form)).rejects.toMatchObject(refusal);
  });

  test.each(['Bearer abc', 'Basic !', 'Digest x', ''])(
    'credentials of another kind are 401: %j',
    async (authorization) => {
      const { access } = await openTestAccess();
      const request = someRequest('/token', { authorization });
      await expect(ask(access.tokenHandler, request)).rejects.toMatchObject({ status: 401 });
    },
  );

  test('a token for another service is not given out', async () => {
    const { access } = await openTestAccess();
    const request = someRequest('/token?service=archeion&service=other');
    await expect(ask(access.tokenHandler, request)).rejects.toMatchObject({ status: 400 });
  });

  test.each([
    { form: login('pusher', { grant_type: 'refresh_token' }), headers: FORM, status: 400 },
    { form: login('pusher'), headers: {}, status: 415 },
    { form: login('pusher'), headers: { 'content-type': 'application/json' }, status: 415 },
    { form: Buffer.alloc(17_000, 'a'), headers: FORM, status: 413 },
  ])('threat 2: a form that is none is refused with $status', async ({ form, headers, status }) => {
    const { access } = await openTestAccess();
    await expect(post(access.tokenHandler, form, headers)).rejects.toMatchObject({ status });
  });

  test.each(['PUT', 'DELETE', 'HEAD', 'OPTIONS'])('%s is 405', async (method) => {
    const { access } = await openTestAccess();
    const request = someRequest('/token', {}, method);
    await expect(ask(access.tokenHandler, request)).rejects.toMatchObject({
      status: 405,
      headers: ['Allow', 'GET, POST'],
    });
  });

  test('is beside the registry, and takes no path from it', async () => {
    const { access } = await openTestAccess();
    const handler = withTokenEndpoint(access, () => ({ status: 204, headers: [] }));
    expect((await ask(handler, someRequest('/token?x=1'))).status).toBe(200);
    for (const path of ['/v2/token', '/token/', '/v2/token/tags/list', '*']) {
      expect((await ask(handler, someRequest(path))).status).toBe(204);
    }
    await expect(ask(access.tokenHandler, someRequest('/v2/'))).rejects.toMatchObject({
      status: 404,
    });
  });
});
