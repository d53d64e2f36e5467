// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { ACTIONS } from '../core/access/action.ts';
import { isRepositoryGlob } from '../core/access/repository-pattern.ts';
import { isUserName } from '../core/access/user-name.ts';
import { Duration, HttpUrl, Name } from './values.ts';

const Pattern = z
  .string()
  .refine(
    isRepositoryGlob,
    'expected a repository name, in which `*` stands for part of one segment and `**` for any number of them',
  );

const UserName = z
  .string()
  .refine(isUserName, 'expected letters, digits and "._@+$~-", 128 at most');

const Rule = z
  .strictObject({
    users: z.array(UserName).default([]).describe('names in the password file'),
    groups: z.array(Name).default([]).describe('names of `groups`'),
    repositories: z
      .array(Pattern)
      .min(1)
      .describe('patterns: `*` is any part of one segment of a name, `**` of several'),
    actions: z
      .array(z.enum(ACTIONS))
      .min(1)
      .describe(
        '`create` adds content and new tags, `push` moves tags as well, `delete` removes; each needs `pull` beside it for clients that look first',
      ),
  })
  .refine(
    ({ users, groups }) => users.length + groups.length > 0,
    'name at least one of users and groups',
  );

const Tokens = z.strictObject({
  lifetime: Duration.refine(
    (milliseconds) => milliseconds >= 60_000 && milliseconds <= 3_600_000,
    'expected between 1m and 1h',
  )
    .prefault('5m')
    .describe('how long a token is good for; rules are applied again to each request'),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'the Ed25519 private key that signs tokens, in PEM; left out, one is made and kept in the store, so keep it here when others can read the store',
    ),
});

/** Who may do what in the embedded registry. What no rule allows is refused. */
export const RegistryAccess = z
  .strictObject({
    anonymousPull: z
      .array(Pattern)
      .default([])
      .describe('patterns of repositories that anybody may pull, as in `public/**`'),
    rules: z.array(Rule).default([]).describe('who may do what, and where; they add up'),
    groups: z.record(Name, z.array(UserName)).default({}).describe('members by name of the group'),
    users: z
      .strictObject({
        file: z
          .string()
          .min(1)
          .describe(
            'a password file with bcrypt (`htpasswd -B`) or scrypt (`archeion registry user add`), relative to the configuration file; read again when it changes',
          ),
      })
      .optional()
      .describe('who there is; left out, nobody can log in'),
    realm: HttpUrl.optional().describe(
      'the URL of `/token` as clients reach it; left out, made from the host they ask for, so it is needed behind a proxy that speaks TLS',
    ),
    service: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.:/_-]{0,127}$/, 'expected letters, digits and ".:/_-"')
      .default('archeion')
      .describe('whom tokens are for: registries that share a key need different names'),
    tokens: Tokens.prefault({}),
  })
  .superRefine(({ rules, groups, users }, context) => {
    for (const [index, rule] of rules.entries()) {
      for (const name of rule.groups.filter((name) => !Object.hasOwn(groups, name))) {
        const path = ['rules', index, 'groups'];
        context.addIssue({ code: 'custom', path, message: `no group is named "${name}"` });
      }
    }
    if (rules.length > 0 && users === undefined) {
      const message = 'rules need users: name a password file';
      context.addIssue({ code: 'custom', path: ['users'], message });
    }
  });

export type RegistryAccessSettings = z.output<typeof RegistryAccess>;
