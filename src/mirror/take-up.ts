// SPDX-License-Identifier: Apache-2.0
import type { Selection } from '../core/mirroring/selection.ts';
import type { Digest } from '../core/oci/digest.ts';
import { type ChangeFeed, isWantedChange, type SourceChange } from './change-feed.ts';
import { type FollowedPlace, readPlace, writePlace } from './followed-place.ts';
import type { MirrorOptions } from './mirror.ts';

export interface TakeUpOptions {
  readonly mirror: Pick<MirrorOptions, 'source' | 'targets' | 'selections' | 'now'>;
  readonly feed: ChangeFeed;
  /** Differs whenever something else is wanted of the source. */
  readonly wish: string;
  /** Milliseconds after which everything is looked at, whatever the feed says. */
  readonly sweepEvery: number;
}

/** Manifests by repository, and since when they are there. */
export type WaitingChanges = Map<string, Map<Digest, number>>;

/** What a run has to look at. */
export interface TakenUp {
  /** Undefined for everything. */
  readonly changes: WaitingChanges | undefined;
  /** To be called when all of it is on all targets, and their indexes say so. */
  remember(): Promise<void>;
}

/** What is new since the last run; everything, when that is not known, or was not looked at for long. */
export async function takeUp(options: TakeUpOptions): Promise<TakenUp> {
  const { mirror, feed, wish } = options;
  const startedAt = mirror.now();
  const remember = (place: Omit<FollowedPlace, 'wish'>) => () =>
    writePlace(mirror.source.name, storesOf(mirror), { ...place, wish });
  const place = await placeToGoOn(options);
  const read = place && (await readAll(place.cursor, options));
  if (place !== undefined && read !== undefined) {
    const { sweptAt } = place;
    return { changes: read.waiting, remember: remember({ cursor: read.cursor, sweptAt }) };
  }
  // From before the walk: what comes during it is told of after it.
  const cursor = await feed.end();
  return { changes: undefined, remember: remember({ cursor, sweptAt: startedAt }) };
}

/** Where all targets are, if that is worth something for what is wanted now. */
export async function placeToGoOn({
  mirror,
  wish,
  sweepEvery,
}: TakeUpOptions): Promise<FollowedPlace | undefined> {
  const place = await readPlace(mirror.source.name, storesOf(mirror));
  const age = mirror.now() - (place?.sweptAt ?? 0);
  return place?.wish === wish && age >= 0 && age < sweepEvery ? place : undefined;
}

async function readAll(from: string, { feed, mirror }: TakeUpOptions) {
  const waiting: WaitingChanges = new Map();
  for (let cursor = from; ; ) {
    const page = await feed.since(cursor);
    if (page === undefined) return undefined;
    if (page.cursor === cursor) return { waiting, cursor };
    for (const change of page.changes) addChange(waiting, change, mirror.selections);
    cursor = page.cursor;
  }
}

/** @returns whether it is wanted */
export function addChange(
  waiting: WaitingChanges,
  change: SourceChange,
  selections: readonly Selection[],
): boolean {
  if (!isWantedChange(change, selections)) return false;
  const { repository, digest, at } = change;
  const digests = waiting.get(repository) ?? new Map<Digest, number>();
  waiting.set(repository, digests.set(digest, digests.get(digest) ?? at));
  return true;
}

function storesOf({ targets }: Pick<MirrorOptions, 'targets'>) {
  return targets.map(({ store }) => store);
}
