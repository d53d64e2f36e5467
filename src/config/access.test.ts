// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { RegistryAccess } from './access.ts';

const FULL = {
  anonymousPull: ['public/**'],
  rules: [
    { users: ['alice'], groups: ['team'], repositories: ['team/*'], actions: ['pull', 'push'] },
  ],
  groups: { team: ['alice', 'bob'] },
  users: { file: 'users.htpasswd' },
  realm: 'https://registry.example.org/token',
  tokens: { lifetime: '10m', keyFile: 'key.pem' },
};

function problemsOf(document: unknown): string[] {
  const { error } = RegistryAccess.safeParse(document);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('access in a configuration', () => {
  test('is read whole, and survives the way to another process', () => {
    const settings = RegistryAccess.parse(FULL);
    expect(settings).toMatchObject({ ...FULL, tokens: { lifetime: 600_000 }, service: 'archeion' });
    expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
    expect(RegistryAccess.parse(z.encode(RegistryAccess, settings))).toEqual(settings);
  });

  test('threat 13: by default nobody may do anything, and there is no user', () => {
    expect(RegistryAccess.parse({})).toEqual({
      anonymousPull: [],
      rules: [],
      groups: {},
      service: 'archeion',
      tokens: { lifetime: 300_000 },
    });
  });

  test.each([
    [{ anonymousPull: ['Public/**'] }, 'anonymousPull.0: expected a repository name'],
    [{ anonymousPull: ['(a+)+$'] }, 'anonymousPull.0: expected a repository name'],
    [{ rules: [{ ...FULL.rules[0], actions: ['purge'] }] }, 'rules.0.actions.0: Invalid option'],
    [{ rules: [{ ...FULL.rules[0], actions: [] }] }, 'rules.0.actions: '],
    [{ rules: [{ ...FULL.rules[0], users: [], groups: [] }] }, 'rules.0: name at least one of'],
    [{ rules: [{ ...FULL.rules[0], users: ['a:b'] }] }, 'rules.0.users.0: expected letters'],
    [{ groups: {} }, 'rules.0.groups: no group is named "team"'],
    [{ groups: { team: ['a b'] } }, 'groups.team.0: expected letters'],
    [{ users: undefined }, 'users: rules need users'],
    [{ realm: 'https://user:pass@example.org/token' }, 'realm: expected an http or https URL'],
    [{ realm: 'https://example.org/"\r\nX: y' }, 'realm: expected an http or https URL'],
    [{ service: 'a"b' }, 'service: expected letters'],
    [{ tokens: { lifetime: '1s' } }, 'tokens.lifetime: expected between 1m and 1h'],
    [{ tokens: { secret: 'tulips' } }, 'tokens: Unrecognized key'],
    [{ admin: 'alice' }, ': Unrecognized key'],
  ])('%j is a problem: %s', (change, problem) => {
    expect(problemsOf({ ...FULL, ...change })).toEqual([expect.stringContaining(problem)]);
  });
});
