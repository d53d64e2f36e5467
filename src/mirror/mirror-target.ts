// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import { blobKeyReader } from '../core/digest-index/blob-key.ts';
import { type DigestTable, digestTable } from '../core/mirroring/digest-table.ts';
import type { CopyList } from '../core/mirroring/plan-mirror.ts';
import { type BlobPath, blobPathOf } from '../core/routing/blob-path.ts';
import type { ObjectStore } from '../storage/driver.ts';
import { type LookTally, newWatch } from './mirror-watch.ts';

/** A store that is kept filled. */
export interface MirrorTarget {
  readonly name: string;
  readonly store: ObjectStore;
  /** Where it keeps a blob. */
  readonly blobPath: BlobPath;
}

/** A target with what it is known to hold, which grows as it is filled. */
export interface ListedTarget extends MirrorTarget {
  readonly held: DigestTable;
}

/** What a target holds, by its own listing: names and sizes, never what is in it. */
export async function listTarget(
  target: MirrorTarget,
  signal: AbortSignal,
  { look } = newWatch(),
): Promise<ListedTarget> {
  let listed = 0;
  const held = digestTable();
  const digestOf = blobKeyReader(target.blobPath);
  for await (const { key, size } of target.store.list(target.blobPath.before)) {
    signal.throwIfAborted();
    look.listed.set(target.name, ++listed);
    const digest = digestOf(key);
    if (digest !== undefined) held.set(digest, size);
  }
  return { ...target, held };
}

const MIB = 1024 * 1024;
/** What one object may be ahead of what a target has taken of it. */
const AHEAD = MIB;

/** Bytes of memory that an object takes on its way to a target, about. */
export function memoryFor({ store }: MirrorTarget, size: number): number {
  return Math.min(size, AHEAD) + (store.bufferedOf?.(size) ?? 0);
}

const LOOKS = 16;

/**
 * Looks once more for what a listing did not show, before it counts as missing: listings of some stores lag or
 * leave something out. What is there after all is put down as held.
 */
export async function confirmMissing(
  copies: CopyList,
  targets: readonly ListedTarget[],
  { signal, look }: { readonly signal: AbortSignal; readonly look: LookTally },
): Promise<void> {
  look.unlisted = copies.length;
  await concurrently(copies, LOOKS, async (copy) => {
    signal.throwIfAborted();
    for (const target of targets.filter(({ name }) => copy.targets.includes(name))) {
      const key = blobPathOf(target.blobPath, copy.digest);
      // What cannot be looked at stays missing: the attempt to write it tells why.
      const info = await target.store.stat(key).catch(() => undefined);
      if (info !== undefined) target.held.set(copy.digest, info.size);
    }
    look.confirmed += 1;
  });
}
