// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { WriteCondition } from '../../storage/driver.ts';
import { tagKey } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { findManifestRecord, findTag, type TagRecord } from '../store/records.ts';
import { StoreError } from '../store/store-error.ts';

export interface TagMove {
  readonly tag: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly pushedBy: string;
  readonly pushedAt: number;
  /** Whether a tag that is somewhere else may be moved. */
  readonly mayMove: boolean;
  /** Called before each attempt to move it; gives the nonce of its record. */
  readonly announce: (before: TagRecord | undefined) => Promise<string>;
}

export interface TagMoved {
  /** False when it was there already. */
  readonly isMoved: boolean;
  /** What it pointed at before, whether or not that is still there. */
  readonly before?: TagRecord | undefined;
}

/** Everybody who loses a turn was beaten by somebody who got theirs. */
const MOST_TURNS = 100;

/**
 * Lets a tag point at a manifest that is stored. Each change is made on condition that the tag is still what was
 * looked at, so a tag that may not move does not move in a race either.
 *
 * @returns `taken` when the tag is somewhere else and may not be moved
 */
export async function moveTag(place: RepositoryPlace, move: TagMove): Promise<TagMoved | 'taken'> {
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const state = await tagState(place, move);
    if (state.kind === 'same') return { isMoved: false };
    if (state.kind === 'elsewhere' && !move.mayMove) return 'taken';
    const key = tagKey(place.repository, move.tag);
    const body = JSON.stringify(recordOf(move, await move.announce(state.before), state.before));
    const written = await place.storage.write(key, body, { condition: state.condition });
    if (written !== 'conflict') return { isMoved: true, before: state.before };
  }
  const key = tagKey(place.repository, move.tag);
  throw new StoreError('damaged', key, 'a tag that others moved every time it was looked at');
}

type TagState =
  | { readonly kind: 'same' }
  | {
      readonly kind: 'free' | 'elsewhere';
      readonly condition: WriteCondition;
      readonly before?: TagRecord;
    };

/** Where a tag is; one whose manifest was deleted is free. */
export async function tagState(
  place: RepositoryPlace,
  { tag, digest }: Pick<TagMove, 'tag' | 'digest'>,
): Promise<TagState> {
  const { storage, repository } = place;
  const found = await findTag(storage, repository, tag);
  if (found === undefined) return { kind: 'free', condition: { absent: true } };
  if (found.record.digest === digest) return { kind: 'same' };
  const condition = { version: found.version };
  const before = found.record;
  const held = await findManifestRecord(storage, repository, before.digest);
  return { kind: held === undefined ? 'free' : 'elsewhere', condition, before };
}

function recordOf(
  { digest, mediaType, size, pushedAt, pushedBy }: TagMove,
  nonce: string,
  before: TagRecord | undefined,
): TagRecord {
  const ends = before && { ends: before.nonce };
  return { digest, mediaType, size, pushedAt, pushedBy, nonce, ...ends };
}
