// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { isRepository } from '../oci/repository.ts';
import { ACTIONS, type Action } from './action.ts';
import { accessRules, mayDo } from './rules.ts';
import { asksCatalog, grantedScopes, parseScopes, scopeText } from './scope.ts';

const RULES = accessRules({
  anonymousPull: ['public/**'],
  rules: [
    { users: ['alice'], groups: [], repositories: ['team/*'], actions: ['pull', 'push'] },
    { users: ['carol'], groups: [], repositories: ['team/*'], actions: ['pull', 'create'] },
    { users: ['admin'], groups: [], repositories: ['**'], actions: [...ACTIONS] },
  ],
  groups: {},
});

function granted(user: string | undefined, text: string): string[] {
  return grantedScopes(RULES, user, parseScopes(text)).map(
    ({ repository, actions }) => `${repository}: ${actions.join(' ')}`,
  );
}

describe('a scope', () => {
  test.each([
    ['repository:team/app:pull', ['pull']],
    ['repository:team/app:push,pull', ['pull', 'push']],
    ['repository:team/app:*', ['pull', 'push', 'create', 'delete']],
    ['repository:team/app:pull,purge,PUSH', ['pull']],
    ['repository(plugin):team/app:pull', ['pull']],
    ['repository:team/app:', []],
  ])('%s asks for %j', (text, actions) => {
    expect(parseScopes(text)).toEqual([{ repository: 'team/app', actions }]);
  });

  test.each([
    '',
    'repository',
    'repository:team/app',
    'registry:catalog:*',
    'repository:Team/App:pull',
    'repository:../etc:pull',
    'repository:host:5000/app:pull',
    'xrepository:team/app:pull',
    'repository(:team/app:pull',
    'repository:__proto__:pull',
  ])('%j asks for nothing', (text) => {
    expect(parseScopes(text)).toEqual([]);
  });

  test.each([
    ['registry:catalog:*', true],
    ['repository:a:pull registry:catalog:*', true],
    ['registry:catalog:', false],
    ['registry:catalog:*x', false],
    ['repository:registry:catalog:*', false],
    ['', false],
  ])('%j asks for the list of all repositories: %s', (text, asks) => {
    expect(asksCatalog(text)).toBe(asks);
  });

  test('several are told apart by spaces, and those of one repository go together', () => {
    expect(parseScopes('repository:a:pull  repository:b:pull repository:a:push')).toEqual([
      { repository: 'a', actions: ['pull', 'push'] },
      { repository: 'b', actions: ['pull'] },
    ]);
  });

  test('beyond twenty repositories none is added', () => {
    const many = Array.from({ length: 30 }, (_, index) => `repository:r${index}:pull`);
    const scopes = parseScopes([...many, 'repository:r0:push'].join(' '));
    expect(scopes).toHaveLength(20);
    expect(scopes[0]?.actions).toEqual(['pull', 'push']);
  });
});

describe('what rules leave of a scope', () => {
  test.each([
    ['alice', 'repository:team/app:pull,push', ['team/app: pull push create']],
    ['alice', 'repository:team/app:*', ['team/app: pull push create']],
    ['alice', 'repository:team/app:delete', []],
    ['alice', 'repository:other:pull repository:team/b:pull', ['team/b: pull']],
    ['carol', 'repository:team/app:pull,push', ['team/app: pull create']],
    ['carol', 'repository:team/app:push', ['team/app: create']],
    ['carol', 'repository:team/app:pull', ['team/app: pull']],
    ['admin', 'repository:team/app:*', ['team/app: pull push create delete']],
    ['nobody', 'repository:public/a:pull,push', ['public/a: pull']],
    [undefined, 'repository:public/a:*', ['public/a: pull']],
    [undefined, 'repository:team/app:pull,push', []],
  ])('of %s asking for %s: %j', (user, text, scopes) => {
    expect(granted(user, text)).toEqual(scopes);
  });

  test('threat 10: is never more than the rules allow, nor than was asked, whatever is asked', () => {
    const word = fc.constantFrom('pull', 'push', 'delete', 'create', '*', 'purge', '', 'Pull');
    const name = fc.constantFrom('team/app', 'public/a', 'a', 'TEAM/app', 'a:b', '');
    const scope = fc
      .tuple(fc.constantFrom('repository', 'registry', ''), name, fc.array(word))
      .map(([kind, repository, words]) => `${kind}:${repository}:${words.join(',')}`);
    const text = fc.oneof(
      fc.array(scope).map((scopes) => scopes.join(' ')),
      fc.string(),
    );
    const user = fc.constantFrom('alice', 'carol', 'admin', 'nobody', '__proto__', undefined);
    fc.assert(
      fc.property(user, text, (who, asked) => {
        for (const { repository, actions } of grantedScopes(RULES, who, parseScopes(asked))) {
          expect(isRepository(repository)).toBe(true);
          expect(asked).toContain(`:${repository}:`);
          for (const action of actions) {
            expect(mayDo(RULES, { user: who, action, repository })).toBe(true);
          }
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

test.each<[readonly Action[], string]>([
  [['pull'], 'pull'],
  [['push'], 'pull,push'],
  [['create'], 'pull,push'],
  [['delete'], 'delete'],
  [['delete', 'pull'], 'pull,delete'],
  [['pull', 'create', 'push', 'delete'], 'pull,push,delete'],
])('%j is said to clients as %s', (actions, words) => {
  expect(scopeText({ repository: 'team/app', actions })).toBe(`repository:team/app:${words}`);
});
