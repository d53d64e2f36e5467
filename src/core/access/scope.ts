// SPDX-License-Identifier: Apache-2.0
import { isRepository } from '../oci/repository.ts';
import { ACTIONS, type Action } from './action.ts';
import { type AccessRules, mayDo } from './rules.ts';

/** What somebody wants to do in one repository, or was given. */
export interface RepositoryScope {
  readonly repository: string;
  readonly actions: readonly Action[];
}

/**
 * What a token for the list of all repositories is asked for with, since there were tokens. It opens none of them.
 * https://distribution.github.io/distribution/spec/auth/scope/#resource-class
 */
export const CATALOG_SCOPE = 'registry:catalog:*';

/** Whether the list of all repositories is among what is asked for. */
export function asksCatalog(text: string): boolean {
  return text.split(' ').includes(CATALOG_SCOPE);
}

/** A mount names a few; a token for more would be longer than the header it has to fit. */
const MOST_REPOSITORIES = 20;

/**
 * Reads `repository:NAME:pull,push`, several of them separated by spaces. What is no such thing is left out, as is
 * every word that is no action: asking for more than there is gets less, and no error.
 * https://distribution.github.io/distribution/spec/auth/scope/
 */
export function parseScopes(text: string): readonly RepositoryScope[] {
  const asked = new Map<string, readonly Action[]>();
  for (const part of text.split(' ')) {
    const scope = parseScope(part);
    if (scope === undefined) continue;
    const { repository, actions } = scope;
    if (asked.size >= MOST_REPOSITORIES && !asked.has(repository)) continue;
    asked.set(repository, [...(asked.get(repository) ?? []), ...actions]);
  }
  return [...asked].map(([repository, actions]) => ({ repository, actions }));
}

const KIND = /^repository(?:\([a-z0-9]{1,32}\))?$/;

function parseScope(text: string): RepositoryScope | undefined {
  const [first, last] = [text.indexOf(':'), text.lastIndexOf(':')];
  const repository = text.slice(first + 1, last);
  if (first === last || !KIND.test(text.slice(0, first)) || !isRepository(repository)) {
    return undefined;
  }
  const words = new Set(text.slice(last + 1).split(','));
  const actions = ACTIONS.filter((action) => words.has(action) || words.has('*'));
  return { repository, actions };
}

/**
 * What rules leave of what was asked for. Clients know no `create`: they ask to push, and who may only create
 * gets that.
 */
export function grantedScopes(
  rules: AccessRules,
  user: string | undefined,
  asked: readonly RepositoryScope[],
): readonly RepositoryScope[] {
  return asked
    .map(({ repository, actions }) => ({
      repository,
      actions: ACTIONS.filter(
        (action) => isMeant(actions, action) && mayDo(rules, { user, action, repository }),
      ),
    }))
    .filter(({ actions }) => actions.length > 0);
}

/** Whether who asks for some actions means one: clients know no `create`. */
export function isMeant(asked: readonly Action[], action: Action): boolean {
  return asked.includes(action) || (action === 'create' && asked.includes('push'));
}

/** In the words that clients know. Who pushes looks first, so that goes with it. */
export function scopeText({ repository, actions }: RepositoryScope): string {
  const pushes = actions.includes('push') || actions.includes('create');
  const words = [
    ...(pushes || actions.includes('pull') ? ['pull'] : []),
    ...(pushes ? ['push'] : []),
    ...(actions.includes('delete') ? ['delete'] : []),
  ];
  return `repository:${repository}:${words.join(',')}`;
}
