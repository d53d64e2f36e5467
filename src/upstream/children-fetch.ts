// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import { isRepository } from '../core/oci/repository.ts';
import { fetchTags, type TagList } from './tags-fetch.ts';
import type { UpstreamClient } from './upstream-client.ts';
import { UpstreamError } from './upstream-error.ts';

export interface FoundRepository {
  readonly name: string;
  /** What was seen on the way; undefined where it could not be read. */
  readonly tags: TagList | undefined;
}

const MOST_REPOSITORIES = 100_000;
const AT_A_TIME = 8;

/**
 * Every repository below some names, by what Google's registries say in their lists of tags to be there. Undefined when
 * the registry says nothing of the kind.
 */
export async function fetchChildren(
  client: UpstreamClient,
  bases: readonly string[],
  signal: AbortSignal,
): Promise<readonly FoundRepository[] | undefined> {
  const found = new Map<string, FoundRepository>();
  const look = async (name: string) => {
    const tags = await fetchTags(client, name, signal);
    if (tags === undefined) found.delete(name);
    else found.set(name, { name, tags });
    return childrenOf(name, tags);
  };
  const lookFurther = async (name: string) => {
    found.set(name, { name, tags: undefined });
    // One that cannot be read must not keep the others from being found; whoever walks it will say so.
    return look(name).catch(() => []);
  };
  let level = (await concurrently([...new Set(bases)], AT_A_TIME, look)).flat();
  if (![...found.values()].some(({ tags }) => tags?.children !== undefined)) return undefined;
  while (level.length > 0) {
    signal.throwIfAborted();
    if (found.size + level.length > MOST_REPOSITORIES) throw tooMany(client);
    const unseen = level.filter((name) => !found.has(name));
    level = (await concurrently(unseen, AT_A_TIME, lookFurther)).flat();
  }
  signal.throwIfAborted();
  return [...found.values()];
}

/** Longer with each level, so that it ends at the longest name there can be. */
function childrenOf(name: string, tags: TagList | undefined): readonly string[] {
  return (tags?.children ?? []).map((child) => `${name}/${child}`).filter(isRepository);
}

function tooMany({ origin }: UpstreamClient): UpstreamError {
  return new UpstreamError('too-large', `"${origin}" lists more than ${MOST_REPOSITORIES} names`);
}
