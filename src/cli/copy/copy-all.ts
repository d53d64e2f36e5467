// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Digest } from '../../core/oci/digest.ts';
import { type CopiedImage, type CopyStep, copyImage } from '../../mirror/images/copy-image.ts';
import { type ArchiveInTheMaking, makeArchive } from '../../upstream/archive/archive-target.ts';
import type { ImageTarget } from '../../upstream/image-target.ts';
import { layoutTarget } from '../../upstream/layout-target.ts';
import { registryTarget } from '../../upstream/registry-target.ts';
import type { CommandIo } from '../command.ts';
import { sayProgress } from '../progress-lines.ts';
import type { CopyOptions } from './copy-options.ts';
import type { ImagePlace } from './image-place.ts';
import { type NamedTarget, nameTargets } from './name-targets.ts';
import type { SourceImage } from './open-sources.ts';
import type { Registries } from './registries.ts';

export interface CopyAll {
  readonly images: readonly SourceImage[];
  readonly place: ImagePlace;
  readonly registries: Registries;
  readonly options: CopyOptions;
  readonly io: CommandIo;
}

export interface CopyResult {
  readonly images: ReadonlyArray<{ readonly target: string; readonly digest: Digest }>;
  readonly failed: ReadonlyArray<{ readonly target: string; readonly problem: string }>;
  /** Copied, or to be. */
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that the registry itself had elsewhere. */
  readonly mounted: number;
  /** What was there already. */
  readonly skipped: number;
  /** Layers that are to be had from elsewhere, as their manifest says. */
  readonly foreign: readonly Digest[];
}

const PATIENCE = {
  retries: 4,
  backoff: 500,
  longestWait: 120_000,
  sleep: (milliseconds: number, signal: AbortSignal) => delay(milliseconds, undefined, { signal }),
  random: Math.random,
};

/** Copies image by image: what fails is named, and the rest is done. An archive is made of all or of nothing. */
export async function copyAll(job: CopyAll): Promise<CopyResult> {
  const targets = nameTargets(job.images, job.place);
  const archive = await openArchiveOf(job.place);
  const count = counter();
  const held = new Map<Digest, string>();
  const endProgress = sayProgress({
    progress: count.soFar,
    say: job.io.err,
    now: () => performance.now(),
  });
  try {
    for (const target of targets) await copyOne({ job, target, archive, count, held });
  } finally {
    endProgress();
  }
  const { failed } = count.total();
  if (archive !== undefined && failed.length === 0 && !job.options.isDry) {
    await archive.finish(count.digests());
  }
  return count.total();
}

async function openArchiveOf(place: ImagePlace): Promise<ArchiveInTheMaking | undefined> {
  return place.kind === 'archive' ? makeArchive(place.path, place.text) : undefined;
}

interface One {
  readonly job: CopyAll;
  readonly target: NamedTarget;
  readonly archive: ArchiveInTheMaking | undefined;
  readonly count: Counter;
  /** Repositories of the target that blobs were brought to before. */
  readonly held: Map<Digest, string>;
}

async function copyOne(one: One): Promise<void> {
  const { job, target, count, held } = one;
  const { platform, includesReferrers, isDry } = job.options;
  try {
    const copied = await copyImage({
      source: target.image.source,
      reference: target.image.reference,
      target: await openTarget(one),
      tag: target.tag,
      platform,
      includesReferrers,
      isDry,
      onStep: count.add,
      onBytes: count.passed,
      patience: PATIENCE,
      signal: job.io.stop,
    });
    count.done(target.shown, copied);
    for (const { digest } of copied.blobs) held.set(digest, target.repository ?? '');
  } catch (error) {
    if (job.io.stop.aborted) throw error;
    count.fail(target.shown, error instanceof Error ? error.message : 'failed');
  }
}

async function openTarget({ job, target, archive, held }: One): Promise<ImageTarget> {
  const { place, registries } = job;
  const { annotationsOf, image, repository = '', shown } = target;
  if (archive !== undefined) return archive.targetFor(annotationsOf);
  if (place.kind !== 'registry') {
    return layoutTarget({ directory: place.path, name: place.text, annotationsOf });
  }
  const isSame = image.isAtHost && image.host === place.host;
  const mountFrom = (digest: Digest) => held.get(digest) ?? (isSame ? image.repository : undefined);
  const { target: client, push } = await registries.at(place.host);
  return registryTarget({ client, push, repository, name: shown, mountFrom });
}

type Counter = ReturnType<typeof counter>;

function counter() {
  const images: Array<CopyResult['images'][number]> = [];
  const failed: Array<CopyResult['failed'][number]> = [];
  const digests = new Set<Digest>();
  const foreign = new Set<Digest>();
  let [manifests, blobs, bytes, mounted, skipped] = [0, 0, 0, 0, 0];
  let passing = 0;
  return {
    add({ kind, size, how }: CopyStep): void {
      if (how === 'present') skipped += 1;
      else if (how === 'mounted') mounted += 1;
      else {
        if (kind === 'manifest') manifests += 1;
        else blobs += 1;
        bytes += size;
      }
    },
    done(target: string, copied: CopiedImage): void {
      images.push({ target, digest: copied.digest });
      for (const digest of copied.manifests) digests.add(digest);
      for (const { digest } of copied.blobs) digests.add(digest);
      for (const digest of copied.foreign) foreign.add(digest);
    },
    fail: (target: string, problem: string) => void failed.push({ target, problem }),
    passed(more: number): void {
      passing += more;
    },
    digests: () => digests,
    soFar: () => ({ objects: manifests + blobs + mounted + skipped, bytes: passing }),
    total: (): CopyResult => ({
      images,
      failed,
      manifests,
      blobs,
      bytes,
      mounted,
      skipped,
      foreign: [...foreign],
    }),
  };
}
