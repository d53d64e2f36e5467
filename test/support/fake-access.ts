// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../../src/core/oci/registry-error.ts';
import type { Access, Action } from '../../src/registry/access.ts';

/** Actions by repository, by who is asking; `*` stands for any repository. */
export type Rules = Readonly<Record<string, Readonly<Record<string, readonly Action[]>>>>;

/** Believes whatever name is in the Authorization header. */
export function fakeAccess(rules: Rules): Access {
  return {
    asksLogin: true,
    places: { placeOf: (name) => `~${name}`, nameOf: (place) => place.replace(/^~/, '') },
    async grantOf(request) {
      const name = request.header('authorization');
      const mine = rules[name ?? 'anonymous'] ?? {};
      const may = (action: Action, repository: string) =>
        [...(mine[repository] ?? []), ...(mine['*'] ?? [])].includes(action);
      return { name, may, sees: (repository) => may('pull', repository) };
    },
    refusal: (grant) =>
      grant.name === undefined
        ? new RegistryError('UNAUTHORIZED', 'say who you are')
        : new RegistryError('DENIED', 'not allowed'),
  };
}

/** What somebody sends. */
export function as(name: string): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { authorization: name } };
}
