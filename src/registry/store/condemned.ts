// SPDX-License-Identifier: Apache-2.0
import { type ReferenceSet, referenceSet } from '../../core/collection/reference-set.ts';
import { concurrently } from '../../core/concurrently.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { endDeadLease } from './collection-lease.ts';
import { readCollectionState } from './collection-state.ts';
import { findMarker, swapMarker } from './condemned-marker.ts';
import { CONDEMNED_PREFIX, condemnedKey, digestOfCondemned } from './layout.ts';
import { StoreError } from './store-error.ts';

/** What became of digests that somebody relies on; the others are safe. */
export interface Spared {
  /** Of the announcement that this rests on. */
  readonly generation: number;
  /** They are being deleted at this moment. */
  readonly going: readonly Digest[];
  /** They may have been deleted a moment ago: whether they are there has to be looked at again. */
  readonly unsure: readonly Digest[];
}

/**
 * What a collection has condemned, as whoever pushes has to see it. To be asked before what is relied on is looked
 * at, and once more when what relies on it is written, before that is acknowledged: a collection reads all
 * references only when nobody can have missed its announcement any more, so it either sees what was written, or
 * whoever wrote it sees the marker. It costs one read of a small object every few seconds, and more only for what
 * is condemned.
 */
export interface Condemned {
  /** Has a collection know that these are relied on. */
  spare(digests: readonly Digest[]): Promise<Spared>;
  /**
   * Comes back when what is being deleted is gone, or nobody is deleting it any more.
   *
   * @throws StoreError when that takes too long
   */
  untilGone(digest: Digest): Promise<void>;
}

export interface CondemnedPorts {
  /** Milliseconds, by a clock that is never set. */
  readonly elapsed: () => number;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/** Milliseconds for which an announcement may go unheard. */
export const HEARD_WITHIN = 5_000;

const LOOKS_AT_A_TIME = 16;
const LOOK_AGAIN_AFTER = 250;
const MOST_LOOKS = 240;

interface View {
  readonly askedAt: number;
  readonly generation: number;
  readonly digests: ReferenceSet;
}

export function openCondemned(storage: StorageDriver, ports: CondemnedPorts): Condemned {
  const currentView = viewer(storage, ports.elapsed);
  return {
    async spare(digests) {
      const { generation, digests: condemned } = await currentView();
      const met = [...new Set(digests)].filter((digest) => condemned.has(digest));
      const found = await concurrently(met, LOOKS_AT_A_TIME, (digest) => revive(storage, digest));
      const those = (state: string) => met.filter((_, index) => found[index] === state);
      return { generation, going: those('going'), unsure: those('unmarked') };
    },
    async untilGone(digest) {
      for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
        if ((await revive(storage, digest)) !== 'going') return;
        if (looks % 4 === 3 && (await takeOver(storage, digest))) return;
        await ports.wait(LOOK_AGAIN_AFTER);
      }
      throw new StoreError('damaged', condemnedKey(digest), 'a deletion that does not end');
    },
  };
}

function viewer(storage: StorageDriver, elapsed: () => number): () => Promise<View> {
  let current: View | undefined;
  let coming: Promise<View> | undefined;
  let comingSince = 0;
  const isFresh = (askedAt: number) => elapsed() - askedAt <= HEARD_WITHIN;
  const ask = async (): Promise<View> => {
    comingSince = elapsed();
    coming = readView(storage, comingSince, current);
    const own = coming;
    try {
      current = await own;
      return current;
    } finally {
      if (coming === own) coming = undefined;
    }
  };
  return async () => {
    if (current !== undefined && isFresh(current.askedAt)) return current;
    return coming !== undefined && isFresh(comingSince) ? coming : ask();
  };
}

/** The time is that of before it was read: what is announced later may be missing. */
async function readView(
  storage: StorageDriver,
  askedAt: number,
  before: View | undefined,
): Promise<View> {
  const { generation, condemned } = await readCollectionState(storage);
  if (before?.generation === generation) return { ...before, askedAt };
  const digests = referenceSet();
  if (condemned === 0) return { askedAt, generation, digests };
  for await (const { key } of storage.list(CONDEMNED_PREFIX)) {
    const digest = digestOfCondemned(key);
    if (digest !== undefined) digests.add(digest);
  }
  return { askedAt, generation, digests };
}

/** Has a collection know that a digest is relied on again, if it is not too late for that. */
async function revive(
  storage: StorageDriver,
  digest: Digest,
): Promise<'alive' | 'going' | 'unmarked'> {
  for (;;) {
    const marker = await findMarker(storage, digest);
    if (marker === undefined) return 'unmarked';
    if (marker.state === 'alive') return 'alive';
    if (marker.state === 'deleting') return 'going';
    const swapped = await swapMarker(storage, digest, { version: marker.version, to: 'alive' });
    if (swapped !== undefined) return 'alive';
  }
}

/** Who deleted it is dead: whoever needs it may write it again. */
async function takeOver(storage: StorageDriver, digest: Digest): Promise<boolean> {
  if (!(await endDeadLease(storage))) return false;
  const marker = await findMarker(storage, digest);
  if (marker?.state !== 'deleting') return false;
  const { version } = marker;
  return (await swapMarker(storage, digest, { version, to: 'alive' })) !== undefined;
}
