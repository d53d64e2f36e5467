// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type MirrorPlan, planMirror, type WantedObject } from '../core/mirroring/plan-mirror.ts';
import type { Selection } from '../core/mirroring/selection.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { ManifestBytes } from '../upstream/image-source.ts';
import { carryOut, newTally, type TargetTally } from './carry-out.ts';
import type { CopyPorts, OpenObject } from './copy-object.ts';
import { givingUp } from './giving-up.ts';
import type { MirrorSource } from './mirror-source.ts';
import {
  confirmMissing,
  type ListedTarget,
  listTarget,
  type MirrorTarget,
} from './mirror-target.ts';
import { sourceMemory } from './source-memory.ts';
import { type PublishedPointer, publishTargetIndex, readPointer } from './target-index.ts';
import { wantedOf } from './walk-repository.ts';
import { type DeclaredDigests, type FoundRepository, walkSource } from './walk-source.ts';

export interface MirrorOptions {
  readonly source: MirrorSource;
  readonly selections: readonly Selection[];
  readonly declared: DeclaredDigests;
  readonly targets: readonly PublishedTarget[];
  readonly isImmutable: (tag: string) => boolean;
  readonly includesManifests: boolean;
  /** Milliseconds after which referrers of what is known are looked for again. */
  readonly referrersAfter: number;
  /** Whether anything is written. */
  readonly isDryRun: boolean;
  readonly index: {
    readonly validFor: number;
    readonly privateKey: KeyObject | undefined;
    /** Milliseconds after which a run that goes on publishes what there is so far. */
    readonly every: number;
  };
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
}

export interface PublishedTarget extends MirrorTarget {
  /** Where fronts find it; without one it gets no index. */
  readonly publicUrl: string | undefined;
}

/** A plan that can be carried out. */
export interface PreparedMirror {
  readonly plan: MirrorPlan;
  readonly repositories: number;
  /** Layers that were left where they are: their manifests say they are to be had from elsewhere. */
  readonly foreign: number;
  /** By the name of the target; those that cannot be read are not among them. */
  readonly tallies: ReadonlyMap<string, TargetTally>;
  carryOut(ports: Omit<CopyPorts, 'open' | 'signal'>, concurrency: number): Promise<void>;
}

/** Bytes of manifests that are kept from the walk for the copy. */
const KEPT_MANIFESTS = 64 * 1024 * 1024;

interface Seen extends PublishedTarget, ListedTarget {
  readonly seen: PublishedPointer | undefined;
}

/** Finds out what there is and what is missing where. Nothing is written but, unless it is a dry run, what is remembered. */
export async function prepareMirror(options: MirrorOptions): Promise<PreparedMirror> {
  const { signal, onProblem, isDryRun } = options;
  const source = givingUp(options.source);
  const startedAt = options.now();
  const kept = new LRUCache<Digest, Uint8Array>({
    maxSize: KEPT_MANIFESTS,
    sizeCalculation: (bytes) => bytes.byteLength + 1,
  });
  const targets = await lookAtTargets(options);
  const stores = targets.map(({ store }) => store);
  const found = await walkSource({
    ...options,
    source,
    memory: sourceMemory(source.name, stores),
    remembers: !isDryRun,
    now: startedAt,
    keep: ({ digest, bytes }: ManifestBytes) => void kept.set(digest, bytes),
  });
  const plan = await planFor(options, found, targets);
  const tallies = new Map(targets.map(({ name }) => [name, newTally()]));
  return {
    plan,
    repositories: found.length,
    foreign: foreignIn(found),
    tallies,
    async carryOut(ports, concurrency) {
      const open = opener(source, kept);
      const { copies } = plan;
      const publishAll = async () => {
        for (const target of targets) await publish(options, target, startedAt);
      };
      const onStep = nowAndThen(publishAll, options);
      const job = { copies, targets, concurrency, tallies, onProblem, onStep };
      await carryOut({ ...job, ports: { ...ports, open, signal } });
      await publishAll();
    },
  };
}

/** Those that can be read; of the others it is told. */
async function lookAtTargets({ targets, signal, onProblem }: MirrorOptions): Promise<Seen[]> {
  const looked = await Promise.allSettled(
    targets.map(async (target): Promise<Seen> => {
      // Before the listing: whatever is published after this knows of what the listing may have missed.
      const seen = await readPointer(target.store);
      return { ...target, ...(await listTarget(target, signal)), seen };
    }),
  );
  signal.throwIfAborted();
  return looked.flatMap((result, place) => {
    if (result.status === 'fulfilled') return [result.value];
    onProblem(`${targets[place]?.name}: ${messageOf(result.reason)}`);
    return [];
  });
}

async function planFor(
  { includesManifests, signal }: MirrorOptions,
  found: readonly FoundRepository[],
  targets: readonly Seen[],
): Promise<MirrorPlan> {
  function* wanted(): Generator<WantedObject, void, undefined> {
    for (const { repository, known } of found) {
      yield* wantedOf(known, { repository, includesManifests });
    }
  }
  const { copies } = planMirror(wanted(), targets);
  await confirmMissing(copies, targets, signal);
  const plan = planMirror(wanted(), targets);
  forgetBroken(plan, wanted, targets);
  return plan;
}

/** What has a size that no manifest says is there, and no good: unless it is replaced, no index is to claim it. */
function forgetBroken(
  { copies }: MirrorPlan,
  wanted: () => Iterable<WantedObject>,
  targets: readonly Seen[],
): void {
  const sizes = new Map<Digest, Set<number>>();
  for (const { digest } of copies) {
    const isHeld = targets.some(({ held }) => held.sizeOf(digest) !== undefined);
    if (isHeld) sizes.set(digest, new Set());
  }
  if (sizes.size === 0) return;
  for (const { digest, size } of wanted()) sizes.get(digest)?.add(size);
  for (const [digest, said] of sizes) {
    for (const { held } of targets) if (!said.has(held.sizeOf(digest) ?? -1)) held.forget(digest);
  }
}

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

async function publish(
  { index, onProblem }: MirrorOptions,
  target: Seen,
  createdAt: number,
): Promise<void> {
  const { publicUrl: url, seen } = target;
  if (url === undefined) return;
  const { validFor, privateKey } = index;
  const validUntil = createdAt + validFor;
  try {
    await publishTargetIndex(target, { url, createdAt, validUntil, privateKey, seen });
  } catch (error) {
    onProblem(`${target.name}: its index was not published: ${messageOf(error)}`);
  }
}

function foreignIn(found: readonly FoundRepository[]): number {
  let foreign = 0;
  for (const { known } of found) {
    for (const manifest of known.manifests.values()) foreign += manifest.foreign;
  }
  return foreign;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
