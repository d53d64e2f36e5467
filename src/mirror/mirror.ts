// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { MirrorPlan } from '../core/mirroring/plan-mirror.ts';
import type { Selection } from '../core/mirroring/selection.ts';
import type { WantedObject } from '../core/mirroring/wanted-object.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { ForeignHosts } from '../upstream/foreign-hosts.ts';
import type { ManifestBytes } from '../upstream/image-source.ts';
import { newTally, type TargetTally } from './carry-out.ts';
import type { WantedChanges } from './change-feed.ts';
import { type CarryOutPorts, type FillIndex, fillTargets } from './fill-targets.ts';
import { givingUp } from './giving-up.ts';
import { givingUpHosts } from './giving-up-hosts.ts';
import { type LookedTargets, lookAtTargets } from './look-at-targets.ts';
import type { MirrorSource } from './mirror-source.ts';
import { beginPhase, type MirrorWatch, newWatch } from './mirror-watch.ts';
import { objectOpener } from './open-object.ts';
import { gathering, planTargets } from './plan-targets.ts';
import type { PublishedTarget } from './publish-target.ts';
import { sourceMemory } from './source-memory.ts';
import { walkChanges } from './walk-changes.ts';
import { type DeclaredDigests, type SourceWalk, walkSource } from './walk-source.ts';

export interface MirrorOptions {
  readonly source: MirrorSource;
  readonly selections: readonly Selection[];
  readonly declared: DeclaredDigests;
  readonly targets: readonly PublishedTarget[];
  readonly isImmutable: (tag: string) => boolean;
  readonly includesManifests: boolean;
  /** Where layers are asked for that are to be had from elsewhere; left out, they are left there. */
  readonly foreign?: Pick<ForeignHosts, 'allowed' | 'fetchBlob'> | undefined;
  /** Bytes that objects on their way may take together; left out, 40 MiB. */
  readonly memory?: number;
  /** Milliseconds after which referrers of what is known are looked for again. */
  readonly referrersAfter: number;
  /** Whether anything is written. */
  readonly isDryRun: boolean;
  readonly index: FillIndex;
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

/** A plan that can be carried out. */
export interface PreparedMirror {
  readonly plan: MirrorPlan;
  /** All that targets are to hold; what several refer to comes several times. */
  readonly wanted: () => Iterable<WantedObject>;
  readonly repositories: number;
  /** Whether only what is new was looked at. */
  readonly isPartial: boolean;
  /** Layers that were left where they are: to be had from elsewhere, and from no host that is allowed. */
  readonly foreign: number;
  /** By the name of the target; those that cannot be read are not among them. */
  readonly tallies: ReadonlyMap<string, TargetTally>;
  /** Whether all that is wanted was found out. */
  readonly isWhole: boolean;
  readonly looked: LookedTargets;
  /** @returns the names of the targets that have everything of the plan, and whose index says so */
  carryOut(ports: CarryOutPorts, concurrency: number): Promise<readonly string[]>;
}

/** Bytes of manifests that are kept from the walk for the copy. */
const KEPT_MANIFESTS = 64 * 1024 * 1024;

/** Finds out what there is and what is missing where. Nothing is written but, unless it is a dry run, what is remembered. */
export async function prepareMirror(given: MirrorOptions): Promise<PreparedMirror> {
  const { options, hasProblems } = countingProblems({ ...given, source: givingUp(given.source) });
  const { source, changes, watch = newWatch() } = options;
  const foreign = options.foreign && givingUpHosts(options.foreign);
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
  const planner = found.complete();
  const { counts } = found;
  const plan = await planTargets(planner, targets, { signal, look: watch.look });
  beginPhase(watch, 'copying');
  const wanted = planner.objects;
  const open = objectOpener({ source, kept, foreign });
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
      fillTargets({ options, looked, plan, tallies, wanted, open }, ports, concurrency),
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
