// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../../core/concurrently.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { blobPathOf } from '../../core/routing/blob-path.ts';
import type { MirrorOptions } from '../mirror.ts';
import type { MirrorTarget } from '../mirror-target.ts';
import { changeWithheld, type Withheld, type WithheldDigests } from '../withheld.ts';
import { messageOf } from './check-target.ts';

export interface DeleteOptions {
  readonly target: MirrorTarget;
  readonly due: readonly Digest[];
  readonly isStillDue: (digest: Digest, withheld: Withheld | undefined) => boolean;
  readonly mirror: Pick<MirrorOptions, 'onProblem' | 'now' | 'signal'>;
  /** Milliseconds, by a clock that is never set. */
  readonly elapsed: () => number;
}

/** Marked at once: whoever wants one of them again waits for all. */
const BATCH = 10_000;
const AT_A_TIME = 8;
/** Milliseconds after the mark in which something is deleted; after an hour others take it to be over. */
const IN_TIME = 600_000;

/**
 * Deletes what is due. It is marked first, on condition that nobody has changed the note: whoever takes something out
 * of it, because it is wanted again, comes before the mark, or finds it.
 *
 * @returns how much was deleted
 */
export async function deleteDue(options: DeleteOptions): Promise<number> {
  let deleted = 0;
  for (let start = 0; start < options.due.length; start += BATCH) {
    options.mirror.signal.throwIfAborted();
    deleted += await deleteBatch(options, options.due.slice(start, start + BATCH));
  }
  return deleted;
}

type Marked = ReadonlyMap<Digest, Extract<Withheld, { kind: 'deleting' }>>;

async function deleteBatch(options: DeleteOptions, due: readonly Digest[]): Promise<number> {
  const startedAt = options.elapsed();
  const marked = await mark(options, due);
  const outcomes = new Map<Digest, 'deleted' | 'replaced'>();
  await concurrently([...marked], AT_A_TIME, async ([digest, { version }]) => {
    if (options.mirror.signal.aborted || options.elapsed() - startedAt > IN_TIME) return;
    const outcome = await deleteOne(options, digest, version);
    if (outcome !== undefined) outcomes.set(digest, outcome);
  });
  await unmark(options, marked, outcomes);
  return [...outcomes.values()].filter((outcome) => outcome === 'deleted').length;
}

async function mark(
  { target, isStillDue, mirror }: DeleteOptions,
  due: readonly Digest[],
): Promise<Marked> {
  const at = mirror.now();
  let marked: Marked = new Map();
  await changeWithheld(target.store, async (digests) => {
    marked = new Map(
      due.flatMap((digest) => {
        const one = digests.get(digest);
        if (one === undefined || !('version' in one) || !isStillDue(digest, one)) return [];
        return [[digest, { kind: 'deleting' as const, at, version: one.version }]];
      }),
    );
    return marked.size === 0 ? undefined : new Map([...digests, ...marked]);
  });
  return marked;
}

/** Undefined for what could not be deleted: it stays marked, and a later run tries again. */
async function deleteOne(
  { target: { name, store, blobPath }, mirror }: DeleteOptions,
  digest: Digest,
  version: string,
): Promise<'deleted' | 'replaced' | undefined> {
  try {
    const removed = await store.remove(blobPathOf(blobPath, digest), { condition: { version } });
    return removed === 'conflict' ? 'replaced' : 'deleted';
  } catch (error) {
    mirror.onProblem(`${name}: ${digest} could not be deleted: ${messageOf(error)}`);
    return undefined;
  }
}

/** What somebody has written anew is out of the index still, and is looked at as what is found for the first time. */
async function unmark(
  { target, mirror }: DeleteOptions,
  marked: Marked,
  outcomes: ReadonlyMap<Digest, 'deleted' | 'replaced'>,
): Promise<void> {
  if (outcomes.size === 0) return;
  const at = mirror.now();
  await changeWithheld(target.store, async (digests): Promise<WithheldDigests> => {
    const after = new Map(digests);
    for (const [digest] of outcomes) {
      const one = digests.get(digest);
      const isOurs = one?.kind === 'deleting' && one.at === marked.get(digest)?.at;
      if (isOurs) after.set(digest, { kind: 'deleted', at });
    }
    return after;
  });
}
