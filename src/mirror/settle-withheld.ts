// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import type { DigestTable } from '../core/mirroring/digest-table.ts';
import type { Digest } from '../core/oci/digest.ts';
import { blobPathOf } from '../core/routing/blob-path.ts';
import type { ListedTarget } from './mirror-target.ts';
import { changeWithheld, type Withheld } from './withheld.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Milliseconds after which whoever was deleting something has died over it, whatever the clocks say. */
export const DELETING_FOR = HOUR;

/** No index is believed for longer after the listing that it was made of. */
const DELETED_FOR = 31 * DAY;

const LOOKS = 16;

export interface SettleOptions {
  /** What this run wants; made only when there is something to compare it with. */
  readonly wanted: () => DigestTable;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Before an index is published: what is withheld is not held, unless this run wants it, and it is there. Then it is
 * taken out of the note first, so that whoever was about to delete it finds out, and only then put down as held.
 *
 * @returns how much of what is wanted was deleted, or is being, and is not there again
 */
export async function settleWithheld(
  target: ListedTarget,
  options: SettleOptions,
): Promise<number> {
  let released = new Map<Digest, number | undefined>();
  let pending = 0;
  const left = await changeWithheld(target.store, async (digests) => {
    const wanted = digests.size === 0 ? undefined : options.wanted();
    const judged = await concurrently([...digests], LOOKS, async ([digest, withheld]) =>
      judge({ target, digest, withheld, size: wanted?.sizeOf(digest), now: options.now }),
    );
    released = new Map(
      judged.flatMap(({ digest, verdict, size }) =>
        verdict === 'release' ? [[digest, size]] : [],
      ),
    );
    pending = judged.filter(({ verdict }) => verdict === 'pending').length;
    if (released.size === 0) return undefined;
    return new Map([...digests].filter(([digest]) => !released.has(digest)));
  });
  for (const digest of left.keys()) target.held.forget(digest);
  for (const [digest, size] of released) if (size !== undefined) target.held.set(digest, size);
  return pending;
}

interface Judged {
  readonly digest: Digest;
  /** `pending`: wanted, and not to be claimed yet. */
  readonly verdict: 'stay' | 'release' | 'pending';
  /** Of what is there. */
  readonly size?: number;
}

interface Judging {
  readonly target: ListedTarget;
  readonly digest: Digest;
  readonly withheld: Withheld;
  /** As it is wanted; undefined when it is not. */
  readonly size: number | undefined;
  readonly now: number;
}

async function judge({ target, digest, withheld, size, now }: Judging): Promise<Judged> {
  const look = () => target.store.stat(blobPathOf(target.blobPath, digest));
  if (withheld.kind === 'corrupt') {
    const found = await look();
    const isReplaced = found !== undefined && found.version !== withheld.version;
    const isWhole = isReplaced && (size ?? found.size) === found.size;
    return isWhole ? { digest, verdict: 'release', size: found.size } : { digest, verdict: 'stay' };
  }
  const age = Math.abs(now - withheld.at);
  if (size === undefined) {
    const isOver = withheld.kind === 'deleted' && age > DELETED_FOR;
    return { digest, verdict: isOver ? 'release' : 'stay' };
  }
  if (withheld.kind === 'deleting' && age <= DELETING_FOR) return { digest, verdict: 'pending' };
  // What is not there, or not whole, is still to be copied: until then nobody else is to claim it.
  const found = await look();
  return found?.size === size
    ? { digest, verdict: 'release', size }
    : { digest, verdict: 'pending' };
}
