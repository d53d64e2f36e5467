// SPDX-License-Identifier: Apache-2.0

import { concurrently } from '../../core/concurrently.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { nameUnknown } from '../pull/unknown-error.ts';
import { LINKS_PREFIX, manifestKey, repositoryPrefix, tagKey } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { readKey } from '../store/read-key.ts';
import { type ScannedTag, scanTag, scanTags } from '../store/repository-scan.ts';
import { type Released, releaseBlobs } from './release-blobs.ts';
import { RemovalError } from './removal-error.ts';
import { planRemoval, type Removed } from './removal-plan.ts';
import { neededAgain, removeRecords } from './remove-records.ts';
import { goingOf, goingTag, openTelling, removeTold, type ToldPlace } from './remove-told.ts';

export interface RemoveOptions extends ToldPlace {
  /** Also what nothing else leads to: the manifest of a tag, what it lists, what is about it. */
  readonly recursive: boolean;
  /** Waits for pushes that are just being acknowledged: a second is long. */
  readonly settle: () => Promise<void>;
}

export interface RemoveResult extends Released {
  readonly tags: readonly string[];
  readonly manifests: readonly Digest[];
  /** Why a manifest stayed. */
  readonly kept?: string;
}

/** Records read at a time. */
const READS = 16;

const NOTHING: Released = { blobs: 0, freed: 0, lost: [] };

/**
 * Removes a tag, and nothing that it leads to unless that is asked for.
 *
 * @throws RemovalError when the tag is moved at the same moment
 */
export async function removeTag(options: RemoveOptions, tag: string): Promise<RemoveResult> {
  const { storage, repository, recursive } = options;
  const key = tagKey(repository, tag);
  // Of a damaged one there is a version, too, and it may go.
  const version = (await storage.stat(key))?.version;
  if (version === undefined) throw unknown(repository, tag);
  const found = await scanTag(options, tag);
  const [gone] = await removeTold(options, [{ ...(await goingOf(options, key)), version }]);
  if (gone === undefined)
    throw new RemovalError('moved', `"${tag}" was moved just now: look again`);
  const removed = { tags: [tag], manifests: [] };
  if (!recursive || found === undefined) return { ...removed, ...NOTHING };
  const plan = await planRemoval(options, { root: found.digest, recursive, keeps: () => true });
  if (plan.kind === 'keep') return { ...removed, ...NOTHING, kept: plan.because };
  return { ...removed, ...(await removeManifests(options, plan.manifests)), tags: [tag] };
}

/**
 * Removes a manifest with every tag that points at it.
 *
 * @throws RemovalError when an index lists it
 */
export async function removeManifest(
  options: RemoveOptions,
  digest: Digest,
): Promise<RemoveResult> {
  const { storage, repository, recursive } = options;
  if ((await storage.stat(manifestKey(repository, digest))) === undefined) {
    throw unknown(repository, digest);
  }
  const keeps = (_: string, target: Digest) => target !== digest;
  const plan = await planRemoval(options, { root: digest, recursive, keeps });
  if (plan.kind === 'keep') throw new RemovalError('needed', `"${digest}" stays: ${plan.because}`);
  // First, so that nothing ever points at what is gone.
  const tags = await removeTagsOf(options, digest);
  return { ...(await removeManifests(options, plan.manifests)), tags };
}

/** Removes everything of a repository. */
export async function removeRepository(options: RemoveOptions): Promise<RemoveResult> {
  const { storage, repository } = options;
  const tags: string[] = [];
  const manifests: Digest[] = [];
  // Tags come last in byte order, and have to go first: nothing may point at what is gone.
  for (const area of ['tags/', '']) {
    const keys: string[] = [];
    for await (const { key } of storage.list(`${repositoryPrefix(repository)}${area}`))
      keys.push(key);
    const going = await concurrently(keys, READS, (key) => goingOf(options, key));
    for (const { key } of await removeTold(options, going)) {
      const named = readKey(key);
      if (named.kind === 'tag') tags.push(named.tag);
      if (named.kind === 'manifest') manifests.push(named.digest);
    }
  }
  const candidates = await linkedBy(options);
  if (tags.length + manifests.length + candidates.size === 0) throw nameUnknown(repository);
  const released = await releaseBlobs(options, candidates, new Set(manifests));
  tags.push(...(await removeDanglingTags(options)));
  return { tags, manifests, ...released };
}

/** A push at the same moment may have found its manifest, and moved a tag to it. */
async function removeDanglingTags(place: ToldPlace): Promise<readonly string[]> {
  const { storage, repository } = place;
  const dangling: ScannedTag[] = [];
  for await (const scanned of scanTags(place)) {
    const key = manifestKey(repository, scanned.digest);
    if ((await storage.stat(key)) === undefined) dangling.push(scanned);
  }
  return removeTags(place, dangling);
}

/** One that was moved meanwhile points at something else, and stays. */
async function removeTags(
  place: ToldPlace,
  tags: readonly ScannedTag[],
): Promise<readonly string[]> {
  const removed = await removeTold(
    place,
    tags.map((scanned) => goingTag(place, scanned)),
  );
  return removed.map(({ tag }) => tag);
}

/**
 * Records first, bytes last. Before bytes go, everything is looked at once more: a push that saw a record
 * before it went may have been acknowledged since, and then all of it comes back.
 */
async function removeManifests(options: RemoveOptions, removed: Removed): Promise<RemoveResult> {
  const telling = openTelling(options);
  const { restore, gone } = await removeRecords(options, removed, telling);
  await options.settle();
  const kept = await neededAgain(options, removed);
  if (kept !== undefined) {
    await restore();
    await telling.finish();
    return { tags: [], manifests: [], ...NOTHING, kept };
  }
  for (const happening of gone) telling.done(happening);
  await telling.finish();
  const manifests = new Set(removed.keys());
  const candidates = new Set(manifests);
  for (const record of removed.values()) {
    for (const blob of record?.children.blobs ?? []) candidates.add(blob);
  }
  const released = await releaseBlobs(options, candidates, manifests);
  return { tags: [], manifests: [...manifests], ...released };
}

async function removeTagsOf(place: ToldPlace, target: Digest): Promise<readonly string[]> {
  const tags: ScannedTag[] = [];
  for await (const scanned of scanTags(place)) if (scanned.digest === target) tags.push(scanned);
  return removeTags(place, tags);
}

/** Links are in the order of digests, so those of all repositories are gone through. */
async function linkedBy({ storage, repository }: RepositoryPlace): Promise<ReadonlySet<Digest>> {
  const linked = new Set<Digest>();
  for await (const { key } of storage.list(LINKS_PREFIX)) {
    const named = readKey(key);
    if (named.kind === 'link' && named.repository === repository) linked.add(named.digest);
  }
  return linked;
}

function unknown(repository: string, what: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', `"${repository}" has no "${what}"`);
}
