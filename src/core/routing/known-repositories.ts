// SPDX-License-Identifier: Apache-2.0
import { isRepository } from '../oci/repository.ts';

/** The repositories that exist, as far as somebody said so. */
export interface KnownRepositories {
  has(repository: string): boolean;
  /** What it was made from: names, and `name/*` for everything below a name (the name itself is not among it). */
  readonly patterns: ReadonlySet<string>;
}

const EVERYTHING_BELOW = '/*';

export function isRepositoryPattern(text: string): boolean {
  return isRepository(
    text.endsWith(EVERYTHING_BELOW) ? text.slice(0, -EVERYTHING_BELOW.length) : text,
  );
}

/**
 * Looked up in sets: once for the name, and once for each slash in it, however many there are. It happens when
 * a route is planned, so a pull whose plan is remembered pays nothing.
 */
export function knownRepositories(patterns: Iterable<string>): KnownRepositories {
  const all = new Set(patterns);
  const folders = new Set<string>();
  for (const pattern of all) {
    if (pattern.endsWith(EVERYTHING_BELOW)) folders.add(pattern.slice(0, -1));
  }
  return {
    patterns: all,
    has: (repository) => all.has(repository) || isBelowOneOf(folders, repository),
  };
}

/** @param folders each with its slash at the end */
function isBelowOneOf(folders: ReadonlySet<string>, repository: string): boolean {
  if (folders.size === 0) return false;
  for (let end = repository.indexOf('/') + 1; end > 0; end = repository.indexOf('/', end) + 1) {
    if (folders.has(repository.slice(0, end))) return true;
  }
  return false;
}
