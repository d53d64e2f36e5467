// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import { type Selection, selectTags } from '../core/mirroring/selection.ts';
import type { ManifestBytes } from '../upstream/image-source.ts';
import type { KnownRepository } from './known-repository.ts';
import type { MirrorSource } from './mirror-source.ts';
import type { SourceMemory } from './source-memory.ts';
import { walkRepository } from './walk-repository.ts';

export interface SourceWalk {
  readonly source: MirrorSource;
  readonly selections: readonly Selection[];
  readonly memory: SourceMemory;
  /** Whether what was found is remembered for the next time. */
  readonly remembers: boolean;
  readonly isImmutable: (tag: string) => boolean;
  /** Milliseconds after which referrers are looked for again. */
  readonly referrersAfter: number;
  readonly now: number;
  readonly keep: (manifest: ManifestBytes) => void;
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
}

export interface FoundRepository {
  readonly repository: string;
  readonly known: KnownRepository;
}

const REPOSITORIES_AT_A_TIME = 4;

/** Everything that is selected of a source. What cannot be read is told, and the rest is walked. */
export async function walkSource(walk: SourceWalk): Promise<readonly FoundRepository[]> {
  const names = await repositoriesOf(walk);
  const found = await concurrently(names, REPOSITORIES_AT_A_TIME, async (repository) => {
    try {
      return await walkOne(walk, repository);
    } catch (error) {
      walk.signal.throwIfAborted();
      walk.onProblem(`${repository}: ${error instanceof Error ? error.message : 'failed'}`);
      return [];
    }
  });
  return found.flat();
}

async function repositoriesOf(walk: SourceWalk): Promise<readonly string[]> {
  const { selections } = walk;
  const names = new Set(selections.flatMap(({ repository }) => repository ?? []));
  const patterns = selections.filter(({ repository }) => repository === undefined);
  if (patterns.length > 0) {
    for (const name of await catalogue(walk, names.size > 0)) {
      if (patterns.some(({ meansRepository }) => meansRepository(name))) names.add(name);
    }
  }
  return [...names].sort();
}

/** Repositories that are named one by one do not wait for the list of all: it is told of, where there are such. */
async function catalogue(
  { source, signal, onProblem }: SourceWalk,
  hasOthers: boolean,
): Promise<Iterable<string>> {
  try {
    return await source.listRepositories(signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!hasOthers) throw error;
    onProblem(error instanceof Error ? error.message : 'failed');
    return [];
  }
}

async function walkOne(walk: SourceWalk, repository: string): Promise<readonly FoundRepository[]> {
  const { source, selections, memory, now, signal } = walk;
  const tags = await source.listTags(repository, signal);
  if (tags === undefined) {
    // Catalogues go on listing repositories whose last tag is gone.
    if (!selections.some((selection) => selection.repository === repository)) return [];
    throw new Error(`"${source.name}" has no such repository`);
  }
  const { known, problems } = await walkRepository({
    ...walk,
    repository,
    tags,
    wanted: selectTags(selections, repository, tags),
    known: await memory.recall(repository),
    referrersSince: now - walk.referrersAfter,
  });
  for (const problem of problems) walk.onProblem(problem);
  if (walk.remembers) await remember(walk, { repository, known });
  return [{ repository, known }];
}

/** Whoever cannot write it down pays with more questions next time, and with nothing else. */
async function remember(walk: SourceWalk, { repository, known }: FoundRepository): Promise<void> {
  try {
    await walk.memory.remember(repository, known);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'failed';
    walk.onProblem(`${repository}: what was found cannot be remembered: ${reason}`);
  }
}
