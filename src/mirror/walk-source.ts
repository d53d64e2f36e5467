// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import { type Selection, selectTags } from '../core/mirroring/selection.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { ManifestBytes } from '../upstream/image-source.ts';
import type { KnownRepository } from './known-repository.ts';
import type { MirrorSource } from './mirror-source.ts';
import type { SourceMemory } from './source-memory.ts';
import { type WalkedRepository, walkRepository } from './walk-repository.ts';

export interface SourceWalk {
  readonly source: MirrorSource;
  readonly selections: readonly Selection[];
  /** Digests that are wanted by name, by repository. */
  readonly declared: DeclaredDigests;
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

export type DeclaredDigests = ReadonlyMap<string, readonly Digest[]>;

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
  const { source, selections, declared, signal } = walk;
  const named = selections.flatMap(({ repository }) => repository ?? []);
  const names = new Set([...declared.keys(), ...named]);
  const patterns = selections.filter(({ repository }) => repository === undefined);
  if (patterns.length > 0) {
    for (const name of await source.listRepositories(signal)) {
      if (patterns.some(({ meansRepository }) => meansRepository(name))) names.add(name);
    }
  }
  return [...names].sort();
}

async function walkOne(walk: SourceWalk, repository: string): Promise<readonly FoundRepository[]> {
  const before = await walk.memory.recall(repository);
  const found = walk.selections.some(({ meansRepository }) => meansRepository(repository))
    ? await walkSelected(walk, repository, before)
    : await walkDeclared(walk, repository, before);
  if (found === undefined) return [];
  for (const problem of found.problems) walk.onProblem(problem);
  const { known } = found;
  if (walk.remembers) await remember(walk, { repository, known });
  return [{ repository, known }];
}

async function walkSelected(
  walk: SourceWalk,
  repository: string,
  known: KnownRepository,
): Promise<WalkedRepository | undefined> {
  const { source, selections, declared, signal } = walk;
  const digests = declared.get(repository);
  const tags = await source.listTags(repository, signal);
  if (tags === undefined) {
    // Catalogues go on listing repositories whose last tag is gone.
    const isNamed = selections.some((selection) => selection.repository === repository);
    if (!isNamed && digests === undefined) return undefined;
    throw new Error(`"${source.name}" has no such repository`);
  }
  return walkRepository({
    ...walk,
    repository,
    tags,
    wanted: selectTags(selections, repository, tags),
    digests: digests ?? [],
    known,
    referrersSince: walk.now - walk.referrersAfter,
  });
}

/**
 * A repository of which only digests are wanted: no tag has to be looked at for them. Its list of tags is read for new
 * ones, and when it is time to look for referrers: some of those have nothing but a tag.
 */
async function walkDeclared(
  walk: SourceWalk,
  repository: string,
  known: KnownRepository,
): Promise<WalkedRepository> {
  const referrersSince = walk.now - walk.referrersAfter;
  const digests = walk.declared.get(repository) ?? [];
  const isTime =
    known.referrersAt <= referrersSince || digests.some((digest) => !known.manifests.has(digest));
  const before: ListedTags = { tags: [...known.tags.keys()] };
  const listed = isTime ? await listTagsOr(before, walk, repository) : before;
  const { known: found, problems } = await walkRepository({
    ...walk,
    repository,
    tags: listed.tags,
    wanted: [],
    digests,
    known,
    isImmutable: isTime ? walk.isImmutable : () => true,
    referrersSince,
  });
  if (listed.problem === undefined) return { known: found, problems };
  // What could not be asked for is asked for again next time.
  const again = { ...found, referrersAt: known.referrersAt };
  return { known: again, problems: [listed.problem, ...problems] };
}

interface ListedTags {
  readonly tags: readonly string[];
  readonly problem?: string;
}

/** Digests are there, whatever becomes of the list of tags. */
async function listTagsOr(
  before: ListedTags,
  { source, signal }: SourceWalk,
  repository: string,
): Promise<ListedTags> {
  try {
    return { tags: (await source.listTags(repository, signal)) ?? [] };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : 'failed';
    return { ...before, problem: `${repository}: ${reason}` };
  }
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
