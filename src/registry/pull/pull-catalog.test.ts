// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { as, fakeAccess } from '../../../test/support/fake-access.ts';
import { basic, openTestAccess } from '../../../test/support/registry-access.ts';
import { type Asked, registryClient } from '../../../test/support/registry-client.ts';
import { parseChallenges } from '../../core/oci/challenge.ts';
import { LONGEST_PAGE } from '../../core/oci/list-page.ts';
import type { RegistryPorts } from '../registry-ports.ts';
import { tagKey } from '../store/layout.ts';

const NAMES = ['a', 'a-b', 'a/1', 'a/b', 'ab', 'b'];

async function openRegistry(names: readonly string[], ports: Partial<RegistryPorts> = {}) {
  const client = registryClient(ports);
  for (const name of names) await client.storage.write(tagKey(name, 'v1'), '{}');
  const list = async (query = '', asked: Asked = {}) => {
    const { status, headers, text } = await client.ask('GET', `_catalog${query}`, asked);
    const { repositories = [] } = JSON.parse(text);
    return { status, headers, repositories, link: headers['link'] };
  };
  /** By whatever each page says comes next. */
  const listAll = async (query: string, asked: Asked = {}) => {
    const pages: string[][] = [];
    for (let next: string | undefined = query; next !== undefined; ) {
      const { repositories, link = '' } = await list(next, asked);
      pages.push(repositories);
      next = /^<\/v2\/_catalog(\?.*)>; rel="next"$/.exec(link)?.[1];
    }
    return pages;
  };
  return { ...client, list, listAll };
}

describe('the catalogue', () => {
  const next = (query: string) => `</v2/_catalog?${query}>; rel="next"`;

  test.each([
    ['', NAMES, undefined],
    ['?n=6', NAMES, undefined],
    ['?n=2', ['a', 'a-b'], next('n=2&last=a-b')],
    ['?n=2&last=a-b', ['a/1', 'a/b'], next('n=2&last=a%2Fb')],
    ['?n=2&last=a%2Fb', ['ab', 'b'], undefined],
    ['?n=0', [], undefined],
    ['?last=a/a', ['a/b', 'ab', 'b'], undefined],
    ['?last=~', [], undefined],
    [`?n=99999999999999999999`, NAMES, undefined],
  ])('names repositories in byte order, page by page: %s', async (query, repositories, link) => {
    const { list } = await openRegistry(NAMES);
    expect(await list(query)).toMatchObject({ status: 200, repositories, link });
  });

  test.each(['?n=-1', '?n=', '?n=1&n=2', '?last=%zz'])('threat 1: refuses %s', async (query) => {
    const { list } = await openRegistry(NAMES);
    expect((await list(query)).status).toBe(400);
  });

  test('has no page that is longer than any list', async () => {
    const names = Array.from({ length: LONGEST_PAGE + 1 }, (_, index) => `r${1_000 + index}`);
    const { listAll } = await openRegistry(names);
    const pages = await listAll('?n=5000');
    expect(pages.map(({ length }) => length)).toEqual([LONGEST_PAGE, 1]);
    expect(pages.flat()).toEqual(names);
  });
});

describe('with access', () => {
  const HIDDEN = Array.from({ length: 25_000 }, (_, index) => `hidden/r${100_000 + index}`);

  test('threat 8: nobody learns of what they may not pull, by names or by pages', async () => {
    const access = fakeAccess({ friend: { 'team/app': ['pull'], z: ['pull'] } });
    const { list } = await openRegistry(['secret', 'team/app', 'team/other', 'z'], { access });
    expect(await list('?n=1', as('friend'))).toMatchObject({
      repositories: ['team/app'],
      link: '</v2/_catalog?n=1&last=team%2Fapp>; rel="next"',
    });
    expect(await list('?last=team/app', as('friend'))).toMatchObject({
      repositories: ['z'],
      link: undefined,
    });
    expect(await list('', as('stranger'))).toMatchObject({ repositories: [], link: undefined });
  });

  test('whoever may see few of very many gets to them in steps that cost no more than one', async () => {
    const { access } = await openTestAccess();
    const names = ['aaa', ...HIDDEN, 'team/app'];
    const { list, listAll } = await openRegistry(names, { access });
    const puller = { headers: { authorization: basic('puller') } };
    expect(await listAll('?n=10', puller)).toEqual([[], [], ['team/app']]);
    expect((await list('?n=10', puller)).link).not.toContain('hidden');
    expect((await list('?last=~AAAA', puller)).status).toBe(400);
  });

  test.each([
    ['puller', ['public/x', 'team/app']],
    ['friend', ['public/x']],
    ['deleter', ['public/x']],
  ])('%s sees by password and by token what rules say', async (user, repositories) => {
    const { access, tokenFor } = await openTestAccess();
    const { list } = await openRegistry(['public/x', 'secret', 'team/app'], { access });
    const token = await tokenFor(user, 'registry:catalog:*');
    for (const authorization of [basic(user), `Bearer ${token}`]) {
      expect(await list('', { headers: { authorization } })).toMatchObject({ repositories });
    }
  });

  test('a token for the list opens nothing in it, and one for a repository does not list', async () => {
    const { access, tokenFor } = await openTestAccess();
    const { list, ask } = await openRegistry(['team/app'], { access });
    const bearer = async (scope: string) => ({
      headers: {
        authorization: `Bearer ${await tokenFor('puller', scope)}`,
        host: 'registry.example.org',
      },
    });
    const opened = await ask('GET', 'team/app/tags/list', await bearer('registry:catalog:*'));
    expect(opened.status).toBe(401);
    const refused = await list('', await bearer('repository:team/app:pull'));
    expect(refused.status).toBe(401);
    const [challenge] = parseChallenges(refused.headers['www-authenticate'] ?? '') ?? [];
    expect(challenge?.parameters.get('scope')).toBe('registry:catalog:*');
    expect(challenge?.parameters.get('error')).toBe('insufficient_scope');
  });

  test('whoever says nothing is told to get a token, and one of nobody shows what all may see', async () => {
    const { access, tokenFor } = await openTestAccess();
    const { list } = await openRegistry(['public/x', 'team/app'], { access });
    const headers = { host: 'registry.example.org' };
    const refused = await list('', { headers });
    expect(refused.status).toBe(401);
    const [challenge] = parseChallenges(refused.headers['www-authenticate'] ?? '') ?? [];
    const token = await tokenFor(undefined, challenge?.parameters.get('scope') ?? '');
    const authorization = `Bearer ${token}`;
    expect(await list('', { headers: { authorization } })).toMatchObject({
      repositories: ['public/x'],
    });
  });

  test('where nobody logs in everybody sees at once what all may pull', async () => {
    const anonymous = { anonymousPull: ['public/**'], rules: [], groups: {}, users: undefined };
    const { access } = await openTestAccess(anonymous);
    const { list } = await openRegistry(['public/x', 'team/app'], { access });
    expect(await list()).toMatchObject({ status: 200, repositories: ['public/x'] });
  });

  test('a token that is no good is told what to ask for', async () => {
    const { access } = await openTestAccess();
    const { list } = await openRegistry([], { access });
    const headers = { authorization: 'Bearer abc', host: 'registry.example.org' };
    const refused = await list('', { headers });
    expect(refused.headers['www-authenticate']).toContain('scope="registry:catalog:*"');
  });
});
