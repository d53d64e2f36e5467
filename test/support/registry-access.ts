// SPDX-License-Identifier: Apache-2.0
import { RegistryAccess } from '../../src/config/access.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { openLog } from '../../src/log.ts';
import type { HttpRequest } from '../../src/protocol/http.ts';
import { type AccessPorts, openAccess } from '../../src/registry/access/open-access.ts';
import { hashPassword } from '../../src/registry/access/password-hash.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { ask, type ReceivedAnswer, someRequest } from './registry-requests.ts';

/** Each may do what they are called in `team/*`; `friend` is a user without a rule. */
export const RULES = {
  anonymousPull: ['public/**'],
  rules: [
    { users: ['puller'], repositories: ['team/*'], actions: ['pull'] },
    { users: ['pusher'], repositories: ['team/*'], actions: ['pull', 'push'] },
    { users: ['creator'], repositories: ['team/*'], actions: ['pull', 'create'] },
    { users: ['deleter'], repositories: ['team/*'], actions: ['delete'] },
    { groups: ['owners'], repositories: ['team/*'], actions: ['pull', 'push', 'create', 'delete'] },
  ],
  groups: { owners: ['owner'] },
};

export const USERS = ['puller', 'pusher', 'creator', 'deleter', 'owner', 'friend'];
const CHEAP = { logRounds: 10, blockSize: 8, parallel: 1 };
const HASHED = new Map(
  await Promise.all(
    USERS.map(async (name) => [name, await hashPassword(passwordOf(name), CHEAP)] as const),
  ),
);

export function passwordOf(name: string): string {
  return `tulips-of-${name}`;
}

export function passwordFile(names: readonly string[] = USERS): string {
  return names.map((name) => `${name}:${HASHED.get(name)}\n`).join('');
}

/** A registry's access whose clock, files and storage are the test's. */
export async function openTestAccess(
  document: Readonly<Record<string, unknown>> = {},
  given: Partial<AccessPorts> = {},
) {
  const lines: string[] = [];
  const files = new Map([['users', passwordFile()]]);
  const state = { time: Date.UTC(2026, 0, 1), lines, files };
  const settings = RegistryAccess.parse({ ...RULES, users: { file: 'users' }, ...document });
  const ports: AccessPorts = {
    storage: memoryDriver(),
    readFile: async (path) => {
      const text = files.get(path);
      if (text === undefined) throw new Error(`there is no "${path}"`);
      return text;
    },
    addressOf: ({ peer }) => parseAddress(peer),
    scheme: 'http',
    now: () => state.time,
    log: openLog('info', (line) => lines.push(line)),
    ...given,
  };
  const access = await openAccess(settings, ports);

  async function tokenAnswer(user: string | undefined, scope: string): Promise<ReceivedAnswer> {
    const query = new URLSearchParams({ service: settings.service, scope });
    const headers = user === undefined ? {} : { authorization: basic(user) };
    return ask(access.tokenHandler, someRequest(`/token?${query}`, headers));
  }

  async function tokenFor(user: string | undefined, scope: string): Promise<string> {
    return String(JSON.parse((await tokenAnswer(user, scope)).text).token);
  }

  return { access, state, settings, ports, tokenAnswer, tokenFor };
}

export function basic(name: string, password = passwordOf(name)): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/** A request to the registry itself. */
export function pull(
  authorization: string | undefined,
  target = '/v2/team/app/manifests/v1',
  method = 'GET',
): HttpRequest {
  const headers = { host: 'registry.example.org', ...(authorization && { authorization }) };
  return someRequest(target, headers, method);
}
