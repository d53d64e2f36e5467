// SPDX-License-Identifier: Apache-2.0
import { isRepository } from '../../core/oci/repository.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { REPOSITORIES_PREFIX, REPOSITORY_END, repositoryOfPrefix } from './layout.ts';
import { isKnownRepository } from './lists.ts';

/**
 * The names of all repositories after one, in byte order, found as they are asked for: what comes before costs
 * nothing, and of each repository one key is looked at.
 *
 * Keys are in another order: `a-b/_` comes before `a/_`, though `a` comes before `a-b`. So a name is looked for when
 * the first one that goes on after it comes up; everything else is in the order of keys.
 *
 * @param after any text: the name need not be there
 */
export async function* repositoryNames(
  storage: StorageDriver,
  after: string,
): AsyncGenerator<string, void, undefined> {
  const start = { after: REPOSITORIES_PREFIX + after };
  const cut = { ...start, delimiter: REPOSITORY_END, keysOnly: true };
  let last = after;
  for await (const { key } of storage.list(REPOSITORIES_PREFIX, cut)) {
    const name = repositoryOfPrefix(key);
    if (name === undefined) continue;
    for (const shorter of overtakenBy(name)) {
      if (shorter <= last || !(await isKnownRepository({ storage, repository: shorter }))) continue;
      yield shorter;
      last = shorter;
    }
    if (name <= last) continue;
    yield name;
    last = name;
  }
}

/** What sorts before the underscore behind the slash that ends a name in a key. */
const EARLIER = /[-.]|\/(?=[0-9])/g;

/** The names that this one begins with and that come after it as keys, shortest first. */
function overtakenBy(name: string): readonly string[] {
  return [...name.matchAll(EARLIER)].map(({ index }) => name.slice(0, index)).filter(isRepository);
}
