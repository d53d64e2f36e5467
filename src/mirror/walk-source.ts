// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import { type Selection, selectTags } from '../core/mirroring/selection.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { ManifestBytes } from '../upstream/image-source.ts';
import type { KnownRepository } from './known-repository.ts';
import type { ListedRepository, ListedTags, MirrorSource } from './mirror-source.ts';
import type { LookTally } from './mirror-watch.ts';
import type { SourceMemory } from './source-memory.ts';
import { isTimeForReferrers, type WalkedRepository, walkRepository } from './walk-repository.ts';

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
  readonly look: LookTally;
  /** Has each repository once, when all of it was found. */
  readonly onFound: (found: FoundRepository) => void;
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
export async function walkSource(walk: SourceWalk): Promise<void> {
  const listed = await repositoriesOf(walk);
  walk.look.repositories = listed.length;
  await concurrently(listed, REPOSITORIES_AT_A_TIME, async (one) => {
    try {
      await walkOne(walk, one);
    } catch (error) {
      walk.signal.throwIfAborted();
      walk.onProblem(`${one.name}: ${error instanceof Error ? error.message : 'failed'}`);
    } finally {
      walk.look.read += 1;
    }
  });
}

async function repositoriesOf(walk: SourceWalk): Promise<readonly ListedRepository[]> {
  const { selections, declared } = walk;
  const named = selections.flatMap(({ repository }) => repository ?? []);
  const names = new Map<string, ListedRepository>(
    [...declared.keys(), ...named].map((name) => [name, { name }]),
  );
  const patterns = selections.filter(({ repository }) => repository === undefined);
  if (patterns.length > 0) {
    for (const found of await catalogue(walk, patterns, names.size > 0)) {
      const isMeant = patterns.some(({ meansRepository }) => meansRepository(found.name));
      if (isMeant) names.set(found.name, found);
    }
  }
  return [...names.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Repositories that are named one by one do not wait for the list of all: it is told of, where there are such. */
async function catalogue(
  { source, signal, onProblem }: SourceWalk,
  patterns: readonly Selection[],
  hasOthers: boolean,
): Promise<Iterable<ListedRepository>> {
  try {
    return await source.listRepositories(
      patterns.map((pattern) => pattern.below),
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!hasOthers) throw error;
    onProblem(error instanceof Error ? error.message : 'failed');
    return [];
  }
}

async function walkOne(
  walk: SourceWalk,
  { name: repository, listed }: ListedRepository,
): Promise<void> {
  const known = await walk.memory.recall(repository);
  const one = { repository, known, listed };
  const isSelected = walk.selections.some(({ meansRepository }) => meansRepository(repository));
  const found = await (isSelected ? walkSelected : walkDeclared)(walk, one);
  if (found === undefined) return;
  for (const problem of found.problems) walk.onProblem(problem);
  const reached = { repository, known: found.known };
  if (walk.remembers) await remember(walk, reached);
  walk.onFound(reached);
}

/** One repository, and what is known of it before it is walked. */
interface OneRepository {
  readonly repository: string;
  readonly known: KnownRepository;
  readonly listed: ListedTags | undefined;
}

async function walkSelected(
  walk: SourceWalk,
  { repository, known, listed: before }: OneRepository,
): Promise<WalkedRepository | undefined> {
  const { source, selections, declared, signal } = walk;
  const digests = declared.get(repository);
  const listed = before ?? (await source.listTags(repository, signal));
  if (listed === undefined) {
    // Catalogues go on listing repositories whose last tag is gone.
    const isNamed = selections.some((selection) => selection.repository === repository);
    if (!isNamed && digests === undefined) return undefined;
    throw new Error(`"${source.name}" has no such repository`);
  }
  return walkRepository({
    ...walk,
    repository,
    listed,
    wanted: selectTags(selections, repository, listed.tags),
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
  { repository, known }: OneRepository,
): Promise<WalkedRepository> {
  const referrersSince = walk.now - walk.referrersAfter;
  const digests = walk.declared.get(repository) ?? [];
  const isTime =
    isTimeForReferrers({ known, referrersSince, now: walk.now }) ||
    digests.some((digest) => !known.manifests.has(digest));
  const before = { tags: [...known.tags.keys()], digests: new Map() };
  const { listed, problem } = isTime
    ? await listTagsOr(before, walk, repository)
    : { listed: before };
  const { known: found, problems } = await walkRepository({
    ...walk,
    repository,
    listed,
    wanted: [],
    digests,
    known,
    isImmutable: isTime ? walk.isImmutable : () => true,
    referrersSince,
  });
  if (problem === undefined) return { known: found, problems };
  // What could not be asked for is asked for again next time.
  const again = { ...found, referrersAt: known.referrersAt };
  return { known: again, problems: [problem, ...problems] };
}

/** Digests are there, whatever becomes of the list of tags. */
async function listTagsOr(
  before: ListedTags,
  { source, signal }: SourceWalk,
  repository: string,
): Promise<{ readonly listed: ListedTags; readonly problem?: string }> {
  try {
    return { listed: (await source.listTags(repository, signal)) ?? before };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : 'failed';
    return { listed: before, problem: `${repository}: ${reason}` };
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
