// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import { NO_TELLING, type Telling } from '../events/event-log.ts';
import type { Happening } from '../events/registry-event.ts';
import { tagKey } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { readKey } from '../store/read-key.ts';
import { findManifestVersion } from '../store/records.ts';
import { orDamaged, type ScannedTag, scanTag } from '../store/repository-scan.ts';

/** Where something is removed, and who hears of it. */
export interface ToldPlace extends RepositoryPlace {
  /** Left out, nobody hears of it. */
  readonly tell?: (() => Telling) | undefined;
}

/** An object that is to go. */
export interface Going {
  readonly key: string;
  /** Left out, it goes whatever it is by then. */
  readonly version?: string;
  /** What whoever listens calls it; nothing for what is a part of something else. */
  readonly happening?: Happening | undefined;
}

/** Announced at a time: the announcement is one small object. */
const AT_A_TIME = 100;

export function openTelling({ tell }: ToldPlace): Telling {
  return tell?.() ?? NO_TELLING;
}

/** Removes objects one after the other; those that went. */
export async function removeTold<G extends Going>(
  place: ToldPlace,
  going: readonly G[],
): Promise<readonly G[]> {
  const removed: G[] = [];
  for (let first = 0; first < going.length; first += AT_A_TIME) {
    removed.push(...(await removeSome(place, going.slice(first, first + AT_A_TIME))));
  }
  return removed;
}

async function removeSome<G extends Going>(
  place: ToldPlace,
  going: readonly G[],
): Promise<readonly G[]> {
  const telling = openTelling(place);
  await announceAll(
    telling,
    going.flatMap(({ happening }) => happening ?? []),
  );
  const removed: G[] = [];
  for (const one of going) {
    const { key, version, happening } = one;
    const condition = version === undefined ? undefined : { condition: { version } };
    if ((await place.storage.remove(key, condition)) !== 'removed') continue;
    removed.push(one);
    if (happening !== undefined) telling.done(happening);
  }
  await telling.finish();
  return removed;
}

export async function announceAll(
  telling: Telling,
  [first, ...rest]: readonly Happening[],
): Promise<void> {
  if (first !== undefined) await telling.announce(first, ...rest);
}

export function goingTag(place: RepositoryPlace, scanned: ScannedTag): Going & ScannedTag {
  const { tag, digest, nonce } = scanned;
  const happening = { type: 'tag.deleted', tag, digest, ends: nonce } as const;
  return { ...scanned, key: tagKey(place.repository, tag), happening };
}

/** Anything below a repository, damaged or not. */
export async function goingOf(place: RepositoryPlace, key: string): Promise<Going> {
  const named = readKey(key);
  if (named.kind === 'tag') return goingAnyTag(place, named.tag, key);
  return named.kind === 'manifest' ? goingManifest(place, named.digest, key) : { key };
}

async function goingAnyTag(place: RepositoryPlace, tag: string, key: string): Promise<Going> {
  const scanned = await scanTag(place, tag);
  return {
    key,
    happening: { type: 'tag.deleted', tag, digest: scanned?.digest, ends: scanned?.nonce },
  };
}

async function goingManifest(
  { storage, repository }: RepositoryPlace,
  digest: Digest,
  key: string,
): Promise<Going> {
  const found = await orDamaged(findManifestVersion(storage, repository, digest));
  const { record, version } = found === 'damaged' || found === undefined ? {} : found;
  const { mediaType, subject, nonce: ends = version } = record ?? {};
  return { key, happening: { type: 'manifest.deleted', digest, mediaType, subject, ends } };
}
