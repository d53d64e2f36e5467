// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { basic, openTestAccess, pull, USERS } from '../../../test/support/registry-access.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpRequest } from '../../protocol/http.ts';
import type { Access, Action, Wanted } from '../access.ts';

/** Every kind of request, and the one action that it takes; a mount takes another in the repository it is from. */
const DEEDS: ReadonlyArray<readonly [method: string, path: string, action: Action]> = [
  ['GET', 'manifests/v1', 'pull'],
  ['HEAD', 'manifests/v1', 'pull'],
  ['GET', 'manifests/sha256:d', 'pull'],
  ['GET', 'blobs/sha256:d', 'pull'],
  ['HEAD', 'blobs/sha256:d', 'pull'],
  ['GET', 'tags/list', 'pull'],
  ['GET', 'referrers/sha256:d', 'pull'],
  ['POST', 'blobs/uploads/', 'create'],
  ['GET', 'blobs/uploads/1', 'create'],
  ['PATCH', 'blobs/uploads/1', 'create'],
  ['PUT', 'blobs/uploads/1', 'create'],
  ['DELETE', 'blobs/uploads/1', 'create'],
  ['PUT', 'manifests/sha256:d', 'create'],
  ['PUT', 'manifests/a-new-tag', 'create'],
  ['PUT', 'manifests/v1', 'push'],
  ['DELETE', 'manifests/v1', 'delete'],
  ['DELETE', 'manifests/sha256:d', 'delete'],
  ['DELETE', 'blobs/sha256:d', 'delete'],
  ['PURGE', 'manifests/v1', 'purge' as Action], // a verb that somebody adds one day, without thinking of rules
];

/** Written out, and not computed from the rules. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  puller: ['pull'],
  pusher: ['pull', 'push', 'create'],
  creator: ['pull', 'create'],
  deleter: ['delete'],
  owner: ['pull', 'push', 'create', 'delete'],
  friend: [],
  nobody: [],
};

/** As much of a registry as matters here: what exists is looked for after the question whether it may be. */
async function handle(access: Access, request: HttpRequest, wanted: Wanted): Promise<number> {
  try {
    const grant = await access.grantOf(request);
    const may = wanted.actions.every((action) => grant.may(action, wanted.repository));
    if (!may) throw access.refusal(grant, wanted);
    return wanted.repository.endsWith('missing') ? 404 : 200;
  } catch (error) {
    if (error instanceof RegistryError) return error.status;
    throw error;
  }
}

const SCOPES: Readonly<Record<Action, string>> = {
  pull: 'pull',
  push: 'pull,push',
  create: 'pull,push',
  delete: 'delete',
};

const opened = openTestAccess();

/** Each way in which somebody can say who they are and what they want. */
async function waysOf(user: string, action: Action): Promise<ReadonlyArray<string | undefined>> {
  if (user === 'nobody') {
    const { tokenFor } = await opened;
    return [undefined, `Bearer ${await tokenFor(undefined, 'repository:team/app:*')}`];
  }
  const { tokenFor } = await opened;
  const scopes = [SCOPES[action] ?? action, '*', 'pull,push,delete,create'];
  const tokens = scopes.map((words) => tokenFor(user, `repository:team/app:${words}`));
  return [basic(user), ...(await Promise.all(tokens)).map((token) => `Bearer ${token}`)];
}

const CASES = [...USERS, 'nobody'].flatMap((user) =>
  DEEDS.map(([method, path, action]) => ({ user, method, path, action })),
);

describe('threats 9, 10 and 11: action × verb × kind of reference', () => {
  test.each(CASES)('$user: $method $path', async ({ user, method, path, action }) => {
    const { access } = await opened;
    const expected = ALLOWED[user]?.includes(action) ? 200 : user === 'nobody' ? 401 : 403;
    for (const way of await waysOf(user, action)) {
      const request = pull(way, `/v2/team/app/${path}`, method);
      const wanted = { repository: 'team/app', actions: [action] };
      expect(await handle(access, request, wanted)).toBe(expected);
    }
  });

  test.each(CASES)('$user, elsewhere: $method $path', async ({ user, method, path, action }) => {
    const { access } = await opened;
    for (const repository of ['team', 'team/app/below', 'other']) {
      for (const way of await waysOf(user, action)) {
        const request = pull(way, `/v2/${repository}/${path}`, method);
        const wanted = { repository, actions: [action] };
        expect(await handle(access, request, wanted)).toBe(user === 'nobody' ? 401 : 403);
      }
    }
  });

  test.each(DEEDS)('everybody in what is open: %s %s', async (method, path, action) => {
    const { access } = await opened;
    for (const user of [...USERS, 'nobody']) {
      const way = user === 'nobody' ? undefined : basic(user);
      const request = pull(way, `/v2/public/app/${path}`, method);
      const wanted = { repository: 'public/app', actions: [action] };
      const refused = user === 'nobody' ? 401 : 403;
      expect(await handle(access, request, wanted)).toBe(action === 'pull' ? 200 : refused);
    }
  });

  test.each(DEEDS)('a token for another thing does not do: %s %s', async (method, path, action) => {
    const { access, tokenFor } = await opened;
    const others = ['pull', 'delete'].filter((word) => word !== action);
    for (const scope of [...others.map((word) => `team/app:${word}`), 'team/other:*']) {
      const token = await tokenFor('owner', `repository:${scope}`);
      const request = pull(`Bearer ${token}`, `/v2/team/app/${path}`, method);
      const wanted = { repository: 'team/app', actions: [action] };
      // The rules allow it: another token would do. What no rule knows is refused for good.
      const expected = ALLOWED['owner']?.includes(action) ? 401 : 403;
      expect(await handle(access, request, wanted)).toBe(expected);
    }
  });

  test('threat 11: a token of who may only create is never one to push, whatever was asked', async () => {
    const { access, tokenFor } = await opened;
    for (const words of ['push', 'pull,push', '*', 'create,push,delete']) {
      const token = await tokenFor('creator', `repository:team/app:${words}`);
      const grant = await access.grantOf(pull(`Bearer ${token}`));
      expect(grant.may('create', 'team/app')).toBe(true);
      expect(grant.may('push', 'team/app')).toBe(false);
    }
  });
});

describe('threat 8: who may not look learns nothing of what is there', () => {
  test.each(['friend', 'nobody', 'deleter'])('%s', async (user) => {
    const { access } = await opened;
    const way = user === 'nobody' ? undefined : basic(user);
    const answers = await Promise.all(
      ['team/present', 'team/missing'].map(async (repository) => {
        const grant = await access.grantOf(pull(way, `/v2/${repository}/manifests/v1`));
        const wanted: Wanted = { repository, actions: ['pull'] };
        expect(grant.may('pull', repository)).toBe(false);
        const { status, code, message, headers } = access.refusal(grant, wanted);
        return JSON.stringify({ status, code, message, headers }).replaceAll(repository, 'NAME');
      }),
    );
    expect(answers[0]).toBe(answers[1]);
  });

  test('a mount needs leave to pull where it is from', async () => {
    const { access, tokenFor } = await opened;
    const scope = 'repository:team/app:pull,push repository:secret/app:pull';
    const grant = await access.grantOf(pull(`Bearer ${await tokenFor('pusher', scope)}`));
    expect(grant.may('create', 'team/app')).toBe(true);
    expect(grant.may('pull', 'secret/app')).toBe(false);
  });
});
