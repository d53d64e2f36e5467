// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { CopyList, MirrorPlan, PlannedCopy } from '../core/mirroring/plan-mirror.ts';
import type { Selection } from '../core/mirroring/selection.ts';
import type { WantedObject } from '../core/mirroring/wanted-object.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { ManifestBytes } from '../upstream/image-source.ts';
import { carryOut, newTally, type TargetTally } from './carry-out.ts';
import type { WantedChanges } from './change-feed.ts';
import type { CopyPorts, OpenObject } from './copy-object.ts';
import { givingUp } from './giving-up.ts';
import type { MirrorSource } from './mirror-source.ts';
import { listTarget } from './mirror-target.ts';
import { beginPhase, type MirrorWatch, newWatch } from './mirror-watch.ts';
import { gathering, planTargets } from './plan-targets.ts';
import {
  type IndexSettings,
  type PublishedTarget,
  publishTarget,
  type SeenTarget,
} from './publish-target.ts';
import { sourceMemory } from './source-memory.ts';
import { readPointer } from './target-index.ts';
import { walkChanges } from './walk-changes.ts';
import { type DeclaredDigests, type SourceWalk, walkSource } from './walk-source.ts';

export interface MirrorOptions {
  readonly source: MirrorSource;
  readonly selections: readonly Selection[];
  readonly declared: DeclaredDigests;
  readonly targets: readonly PublishedTarget[];
  readonly isImmutable: (tag: string) => boolean;
  readonly includesManifests: boolean;
  /** Bytes that objects on their way may take together; left out, 40 MiB. */
  readonly memory?: number;
  /** Milliseconds after which referrers of what is known are looked for again. */
  readonly referrersAfter: number;
  /** Whether anything is written. */
  readonly isDryRun: boolean;
  readonly index: IndexSettings & {
    /** Milliseconds after which a run that goes on publishes what there is so far. */
    readonly every: number;
  };
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
  /** Only what these lead to is looked at; left out, everything is. */
  readonly changes?: WantedChanges;
  /** Whether what targets remember of the source counts; left out, it does. */
  readonly recalls?: boolean;
  /** From a run before, which knows what it brought since; left out, the targets are listed. */
  readonly looked?: LookedTargets;
  readonly watch?: MirrorWatch;
}

/** What targets hold, by their listings and by what was brought since. */
export interface LookedTargets {
  /** When they were listed; milliseconds since 1970. */
  readonly at: number;
  readonly targets: readonly SeenTarget[];
}

/** A plan that can be carried out. */
export interface PreparedMirror {
  readonly plan: MirrorPlan;
  /** All that targets are to hold; what several refer to comes several times. */
  readonly wanted: () => Iterable<WantedObject>;
  readonly repositories: number;
  /** Whether only what is new was looked at. */
  readonly isPartial: boolean;
  /** Layers that were left where they are: their manifests say they are to be had from elsewhere. */
  readonly foreign: number;
  /** By the name of the target; those that cannot be read are not among them. */
  readonly tallies: ReadonlyMap<string, TargetTally>;
  /** Whether all that is wanted was found out. */
  readonly isWhole: boolean;
  readonly looked: LookedTargets;
  /** @returns the names of the targets that have everything of the plan, and whose index says so */
  carryOut(ports: CarryOutPorts, concurrency: number): Promise<readonly string[]>;
}

export interface CarryOutPorts extends Omit<CopyPorts, 'open' | 'signal'> {
  /** Ends it early: what is under way comes to its end, and the index is published. */
  readonly ending?: AbortSignal;
  /** After each object. */
  readonly onStep?: () => void;
  /** What is there, is no good, and is copied again, besides what is missing. */
  readonly again?: readonly PlannedCopy[];
}

const MEMORY = 40 * 1024 * 1024;
/** Bytes of manifests that are kept from the walk for the copy. */
const KEPT_MANIFESTS = 64 * 1024 * 1024;

/** Finds out what there is and what is missing where. Nothing is written but, unless it is a dry run, what is remembered. */
export async function prepareMirror(given: MirrorOptions): Promise<PreparedMirror> {
  const { options, hasProblems } = countingProblems({ ...given, source: givingUp(given.source) });
  const { source, changes, watch = newWatch() } = options;
  const kept = new LRUCache<Digest, Uint8Array>({
    maxSize: KEPT_MANIFESTS,
    sizeCalculation: (bytes) => bytes.byteLength + 1,
  });
  const now = options.now();
  const looked = options.looked ?? (await lookAtTargets(options));
  const { targets } = looked;
  beginPhase(watch, 'reading');
  const found = gathering(targets, options);
  const walk: SourceWalk = {
    ...options,
    memory: sourceMemory(
      source.name,
      options.recalls === false ? [] : targets.map(({ store }) => store),
    ),
    remembers: !options.isDryRun,
    now,
    look: watch.look,
    onFound: found.add,
    keep: ({ digest, bytes }: ManifestBytes) => void kept.set(digest, bytes),
  };
  await (changes === undefined ? walkSource(walk) : walkChanges(walk, changes));
  beginPhase(watch, 'looking-again');
  const { signal } = options;
  const { planner, counts } = found;
  const plan = await planTargets(planner, targets, { signal, look: watch.look });
  beginPhase(watch, 'copying');
  const wanted = planner.objects;
  const tallies = new Map(targets.map(({ name }) => [name, newTally()]));
  return {
    plan,
    wanted,
    ...counts,
    isPartial: changes !== undefined,
    tallies,
    isWhole: !hasProblems() && targets.length === options.targets.length,
    looked,
    carryOut: (ports, concurrency) =>
      fillTargets(
        { options, looked, plan, tallies, wanted, open: opener(source, kept) },
        ports,
        concurrency,
      ),
  };
}

function countingProblems(options: MirrorOptions) {
  let count = 0;
  const onProblem = (problem: string): void => {
    count += 1;
    options.onProblem(problem);
  };
  return { options: { ...options, onProblem }, hasProblems: () => count > 0 };
}

interface Filling extends Pick<PreparedMirror, 'plan' | 'tallies' | 'looked' | 'wanted'> {
  readonly options: MirrorOptions;
  readonly open: OpenObject;
}

async function fillTargets(
  { options, looked, plan, tallies, wanted, open }: Filling,
  { ending, onStep, again = [], ...ports }: CarryOutPorts,
  concurrency: number,
): Promise<readonly string[]> {
  const { signal, onProblem, memory = MEMORY } = options;
  const { at, targets } = looked;
  const copies = again.length === 0 ? plan.copies : joined(again, plan.copies);
  for (const target of targets) {
    const gap = plan.targets.find(({ name }) => name === target.name);
    const isMissing = gap !== undefined && gap.blobs + gap.manifests > 0;
    const isChanged = isMissing || again.some((copy) => copy.targets.includes(target.name));
    target.isCurrent &&= !isChanged && options.changes !== undefined;
  }
  const due = targets.filter(({ isCurrent }) => !isCurrent);
  const publishAll = async (isInterim: boolean) => {
    for (const target of due)
      await publishTarget(options, target, { createdAt: at, wanted, isInterim });
  };
  const publishSometimes = nowAndThen(() => publishAll(true), options);
  const afterEach = (): Promise<void> => {
    onStep?.();
    return publishSometimes();
  };
  const job = { copies, targets, concurrency, memory, tallies, onProblem, onStep: afterEach };
  await carryOut({ ...job, ...(ending && { ending }), ports: { ...ports, open, signal } });
  await publishAll(false);
  if (signal.aborted || ending?.aborted === true) return [];
  const isDone = ({ failed = 1, lost }: Partial<TargetTally> = {}) =>
    failed === 0 && lost === undefined;
  const done = targets.filter(({ name, isCurrent }) => isCurrent && isDone(tallies.get(name)));
  return done.map(({ name }) => name);
}

function joined(first: readonly PlannedCopy[], rest: CopyList): CopyList {
  return {
    length: first.length + rest.length,
    *[Symbol.iterator]() {
      yield* first;
      yield* rest;
    },
  };
}

/** Those that can be read; of the others it is told. */
export async function lookAtTargets({
  targets,
  signal,
  onProblem,
  now,
  watch,
}: LookOptions): Promise<LookedTargets> {
  const at = now();
  const looked = await Promise.allSettled(
    targets.map(async (target): Promise<SeenTarget> => {
      // Before the listing: whatever is published after this knows of what the listing may have missed.
      const seen = await readPointer(target.store);
      return { ...target, ...(await listTarget(target, signal, watch)), seen, isCurrent: false };
    }),
  );
  signal.throwIfAborted();
  const readable = looked.flatMap((result, place) => {
    if (result.status === 'fulfilled') return [result.value];
    onProblem(`${targets[place]?.name}: ${messageOf(result.reason)}`);
    return [];
  });
  return { at, targets: readable };
}

type LookOptions = Pick<MirrorOptions, 'targets' | 'signal' | 'onProblem' | 'now' | 'watch'>;

function opener(source: MirrorSource, kept: LRUCache<Digest, Uint8Array>): OpenObject {
  return async ({ kind, repository, digest }, signal) => {
    const content = source.content(repository);
    if (kind === 'blob') return content.fetchBlob(digest, signal);
    const bytes = kept.get(digest) ?? (await content.fetchManifest(digest, signal))?.bytes;
    return bytes && inOnePiece(bytes);
  };
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** Does some work when it was last done long ago: one call at a time does it, and the others go on. */
function nowAndThen(work: () => Promise<void>, { index, now }: MirrorOptions): () => Promise<void> {
  let last = now();
  return async () => {
    // A clock that was put back does not count as one that stands still.
    if (Math.abs(now() - last) < index.every) return;
    last = Number.POSITIVE_INFINITY;
    await work();
    last = now();
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
