// SPDX-License-Identifier: Apache-2.0
import { describe, expect, onTestFinished, test } from 'vitest';
import { API_VERSION } from '../../src/core/oci/content-headers.ts';
import { openLog, silentLog } from '../../src/log.ts';
import type { Handler } from '../../src/protocol/http.ts';
import { openBcryptThread } from '../../src/registry/access/bcrypt-thread.ts';
import { withTokenEndpoint } from '../../src/registry/access/open-access.ts';
import type { Access } from '../../src/registry/access.ts';
import { openUpstream } from '../../src/upstream/http-client.ts';
import { basic, openTestAccess, passwordFile, passwordOf } from '../support/registry-access.ts';
import { startTestServer } from '../support/start-server.ts';

/** The password is "U*U": a test vector of the first implementation. */
const VECTOR = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';

/** A registry with one manifest in any repository. */
function oneManifest(access: Access): Handler {
  return async (request) => {
    const grant = await access.grantOf(request);
    const repository = /^\/v2\/(.+)\/manifests\/v1$/.exec(request.target)?.[1];
    const wanted = repository && ({ repository, actions: ['pull'] } as const);
    if (!wanted && grant.name === undefined) throw access.refusal(grant, undefined);
    if (wanted && !grant.may('pull', wanted.repository)) throw access.refusal(grant, wanted);
    return { status: 200, headers: [...API_VERSION], body: `for ${grant.name}` };
  };
}

async function start(users = passwordFile()) {
  const lines: string[] = [];
  const log = openLog('info', (line) => lines.push(line));
  const readFile = async () => users;
  const { access } = await openTestAccess({}, { now: Date.now, log, readFile });
  onTestFinished(() => access.close());
  const server = await startTestServer(withTokenEndpoint(access, oneManifest(access)));
  const logged = () => [...lines, ...server.lines].join('\n');
  return { logged, url: `http://127.0.0.1:${server.port}` };
}

function post(url: string, username: string, password: string): Promise<Response> {
  const scope = 'repository:team/app:pull';
  const body = new URLSearchParams({ grant_type: 'password', username, password, scope });
  return fetch(`${url}/token`, { method: 'POST', body });
}

describe('access, over the wire', () => {
  test('our own client gets in with a password, by way of a token', async () => {
    const { url, logged } = await start();
    const credentials = async () => ({ username: 'puller', password: passwordOf('puller') });
    const client = openUpstream({ origin: url, log: silentLog, credentials });
    onTestFinished(() => client.close());
    const answer = await client.get('/v2/team/app/manifests/v1');
    expect(Buffer.from(answer?.bytes ?? []).toString()).toBe('for puller');
    expect(logged()).toContain('"route":"token"');
  });

  test.each([
    ['/v2/', undefined, 401],
    ['/v2/', basic('friend'), 200],
    ['/v2/public/a/manifests/v1', undefined, 200],
    ['/v2/team/app/manifests/v1', undefined, 401],
    ['/v2/team/app/manifests/v1', basic('puller'), 200],
    ['/v2/team/app/manifests/v1', basic('friend'), 403],
    ['/v2/team/app/manifests/v1', basic('puller', 'wrong'), 401],
    ['/v2/public/a/manifests/v1', basic('puller', 'wrong'), 401],
    ['/v2/team/app/manifests/v1', 'Bearer a.b.c', 401],
  ])('%s with %s is %i', async (path, authorization, status) => {
    const { url } = await start();
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(`${url}${path}`, { headers });
    expect(answer.status).toBe(status);
    const challenge = answer.headers.get('www-authenticate');
    expect(challenge?.startsWith(`Bearer realm="${url}/token",service="archeion"`)).toBe(
      status === 401 ? true : undefined,
    );
  });

  test('a form is answered with a token that works', async () => {
    const { url } = await start();
    const answer = await post(url, 'puller', passwordOf('puller'));
    const { access_token: token } = JSON.parse(await answer.text());
    const headers = { authorization: `Bearer ${token}` };
    const pulled = await fetch(`${url}/v2/team/app/manifests/v1`, { headers });
    expect(await pulled.text()).toBe('for puller');
  });

  test('threat 31: nothing secret and no address is in the log', async () => {
    const { url, logged } = await start();
    const planted = 'tulips-4711';
    const answer = await fetch(`${url}/token?scope=repository:team/app:pull&x=${planted}`, {
      headers: { authorization: basic('puller') },
    });
    const { token } = JSON.parse(await answer.text());
    const tries = [`Bearer ${token}`, basic('puller', planted), basic(planted, planted)];
    for (const authorization of tries) {
      await fetch(`${url}/v2/team/app/manifests/v1`, { headers: { authorization } });
      await fetch(`${url}/token`, { headers: { authorization } });
    }
    expect((await post(url, 'puller', planted)).status).toBe(401);
    expect(logged().split('\n').length).toBeGreaterThanOrEqual(8);
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    for (const secret of [planted, token, passwordOf('puller'), '127.0.0.1', '$scrypt']) {
      expect(logged()).not.toContain(secret);
    }
  });

  test('a password file of another program is read, in a thread of its own', async () => {
    const { url } = await start(`puller:${VECTOR.replace('$2a$', '$2y$')}\n`);
    const status = async (password: string) =>
      (await fetch(`${url}/v2/`, { headers: { authorization: basic('puller', password) } })).status;
    expect(await status('U*U')).toBe(200);
    expect(await status('U*U*')).toBe(401);
  });
});

describe('the thread that checks bcrypt', () => {
  test('answers each question with its own answer', async () => {
    const thread = openBcryptThread();
    onTestFinished(() => thread.close());
    const passwords = ['U*U', 'U*V', '', 'U*U', 'u*u'];
    const answers = passwords.map((password) => thread.isBcryptOf(password, VECTOR));
    expect(await Promise.all(answers)).toEqual([true, false, false, true, false]);
    const other = VECTOR.replace('$2a$', '$2b$');
    expect(await thread.isBcryptOf('U*U', other)).toBe(true);
  });

  test('takes no password of which bcrypt sees the beginning only', async () => {
    const thread = openBcryptThread();
    onTestFinished(() => thread.close());
    const { hash } = await import('bcryptjs');
    const long = 'x'.repeat(73);
    const stored = await hash(long, 4);
    expect(await thread.isBcryptOf(long, stored)).toBe(false);
    expect(await thread.isBcryptOf(long.slice(1), stored)).toBe(true);
  });

  test('fails what it did not answer when it ends, and begins again with the next', async () => {
    const thread = openBcryptThread();
    const slow = VECTOR.replace('$05$', '$14$');
    const asked = thread.isBcryptOf('U*U', slow);
    thread.close();
    await expect(asked).rejects.toThrow('the thread that checks passwords has ended');
    onTestFinished(() => thread.close());
    expect(await thread.isBcryptOf('U*U', VECTOR)).toBe(true);
  });
});
