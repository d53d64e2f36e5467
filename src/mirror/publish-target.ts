// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { type DigestTable, digestTable } from '../core/mirroring/digest-table.ts';
import type { WantedObject } from '../core/mirroring/wanted-object.ts';
import type { ListedTarget, MirrorTarget } from './mirror-target.ts';
import { settleWithheld } from './settle-withheld.ts';
import { type PublishedPointer, publishTargetIndex, type ReplacedIndexes } from './target-index.ts';

export interface PublishedTarget extends MirrorTarget {
  /** Where fronts find it; without one it gets no index. */
  readonly publicUrl: string | undefined;
}

export interface SeenTarget extends PublishedTarget, ListedTarget {
  /** The pointer that knows of everything up to now. */
  seen: PublishedPointer | undefined;
  /** Whether it says all that is held. */
  isCurrent: boolean;
}

export interface IndexSettings {
  /** Milliseconds. */
  readonly validFor: number;
  readonly privateKey: KeyObject | undefined;
}

export interface PublishPorts {
  readonly index: IndexSettings;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onProblem: (problem: string) => void;
}

export interface PublishAbout {
  /** When the target was looked at; milliseconds since 1970. */
  readonly createdAt: number;
  readonly wanted: () => Iterable<WantedObject>;
  /** Whether what is still to come is not missing yet. */
  readonly isInterim?: boolean;
  /** Whether it only takes away from the index in force, and is believed for as long as that. */
  readonly isRevision?: boolean;
}

/** Says what a target holds. Not to be able to is a problem, and leaves what was said before in force. */
export async function publishTarget(
  { index, onProblem, now }: PublishPorts,
  target: SeenTarget,
  { createdAt, wanted, isInterim = false, isRevision = false }: PublishAbout,
): Promise<ReplacedIndexes | undefined> {
  const { publicUrl: url, seen } = target;
  const { validFor, privateKey } = index;
  let pending = 0;
  const settle = async () => {
    pending = await settleWithheld(target, { wanted: () => tableOf(wanted()), now: now() });
  };
  try {
    const about = {
      createdAt,
      validUntil: createdAt + validFor,
      privateKey,
      seen,
      settle,
      isRevision,
    };
    const published =
      url === undefined ? undefined : await publishTargetIndex(target, { ...about, url });
    if (published === undefined) await settle();
    else target.seen = published;
    target.isCurrent = pending === 0;
    if (pending > 0 && !isInterim) onProblem(`${target.name}: ${pending} ${BEING_DELETED}`);
    return published;
  } catch (error) {
    target.isCurrent = false;
    onProblem(`${target.name}: its index was not published: ${messageOf(error)}`);
    return undefined;
  }
}

const BEING_DELETED =
  'objects that are wanted again were deleted there, or are being: the next run brings them';

/** Sizes of what is wanted; of what manifests do not agree on, one of them. */
export function tableOf(wanted: Iterable<WantedObject>): DigestTable {
  const table = digestTable();
  for (const { digest, size } of wanted) table.set(digest, size);
  return table;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
