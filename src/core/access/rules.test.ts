// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { ACTIONS, type Action } from './action.ts';
import { accessRules, mayDo } from './rules.ts';

const RULES = accessRules({
  anonymousPull: ['public/**'],
  rules: [
    { users: ['puller'], groups: [], repositories: ['team/*'], actions: ['pull'] },
    { users: ['pusher'], groups: [], repositories: ['team/*'], actions: ['push'] },
    { users: ['creator'], groups: [], repositories: ['team/*'], actions: ['create'] },
    { users: ['deleter'], groups: [], repositories: ['team/*'], actions: ['delete'] },
    { users: [], groups: ['team', 'nobody-knows'], repositories: ['team/*'], actions: ['pull'] },
    { users: ['both'], groups: ['team'], repositories: ['other'], actions: ['push', 'delete'] },
  ],
  groups: { team: ['both', 'member'], constructor: ['puller'] },
});

/** What each may do in `team/app`; whatever is not here is refused. */
const ALLOWED: Readonly<Record<string, readonly Action[]>> = {
  puller: ['pull'],
  pusher: ['push', 'create'],
  creator: ['create'],
  deleter: ['delete'],
  member: ['pull'],
  both: ['pull'],
  stranger: [],
  constructor: [],
  ['__proto__']: [],
};

function allowed(user: string | undefined, repository: string): readonly Action[] {
  return ACTIONS.filter((action) => mayDo(RULES, { user, action, repository }));
}

describe('rules', () => {
  test.each(Object.entries(ALLOWED))('threat 10: %s may do exactly %j', (user, actions) => {
    expect(allowed(user, 'team/app')).toEqual(actions);
  });

  test.each(['team', 'team/app/below', 'teams/app', 'Team/app', 'x/team/app'])(
    'nobody may do anything in %s, which no pattern means',
    (repository) => {
      for (const user of Object.keys(ALLOWED)) expect(allowed(user, repository)).toEqual([]);
    },
  );

  test('everybody may pull what is open, and nothing more', () => {
    for (const user of [undefined, 'stranger', 'pusher']) {
      expect(allowed(user, 'public/a/b')).toEqual(['pull']);
    }
    expect(allowed(undefined, 'team/app')).toEqual([]);
  });

  test('a user has what all rules and groups together allow', () => {
    expect(allowed('both', 'other')).toEqual(['push', 'create', 'delete']);
    expect(allowed('both', 'team/app')).toEqual(['pull']);
  });

  test.each(['', 'purge', 'PULL', '*', 'constructor', '__proto__'])(
    'threat 10: the unknown action %j is refused to everybody',
    (unknown) => {
      const action = unknown as Action; // what a caller without types could pass
      for (const user of [undefined, ...Object.keys(ALLOWED)]) {
        expect(mayDo(RULES, { user, action, repository: 'team/app' })).toBe(false);
        expect(mayDo(RULES, { user, action, repository: 'public/app' })).toBe(false);
      }
    },
  );

  test('without rules nobody may do anything', () => {
    const none = accessRules({ anonymousPull: [], rules: [], groups: {} });
    for (const action of ACTIONS) {
      expect(mayDo(none, { user: undefined, action, repository: 'a' })).toBe(false);
      expect(mayDo(none, { user: 'alice', action, repository: 'a' })).toBe(false);
    }
  });
});
