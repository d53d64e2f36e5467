// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { WantedChanges } from './change-feed.ts';
import { NOTHING_KNOWN } from './known-repository.ts';
import { walkRepository } from './walk-repository.ts';
import type { SourceWalk } from './walk-source.ts';

const AT_A_TIME = 8;

/**
 * What some new manifests lead to. No list of tags is read and nothing is remembered: whoever hears of each change
 * needs neither, and the next walk over everything finds it all.
 */
export async function walkChanges(walk: SourceWalk, changes: WantedChanges): Promise<void> {
  const { now, onProblem, look, onFound } = walk;
  look.repositories = changes.size;
  for (const [repository, digests] of changes) {
    const { known, problems } = await walkRepository({
      ...walk,
      repository,
      listed: { tags: [], digests: new Map() },
      wanted: [],
      digests: await present(walk, repository, [...digests.keys()]),
      known: NOTHING_KNOWN,
      referrersSince: now,
    });
    for (const problem of problems) onProblem(problem);
    onFound({ repository, known });
    look.read += 1;
  }
}

/** What was deleted since is not missing. What cannot be read stays: the walk tells why. */
async function present(
  { source, signal }: SourceWalk,
  repository: string,
  digests: readonly Digest[],
): Promise<readonly Digest[]> {
  const content = source.content(repository);
  const found = await concurrently(digests, AT_A_TIME, async (digest) => {
    const manifest = await content.fetchManifest(digest, signal).catch(() => 'unreadable' as const);
    return manifest === undefined ? [] : [digest];
  });
  return found.flat();
}
