// SPDX-License-Identifier: Apache-2.0
import type { Telling } from '../events/event-log.ts';
import { manifestPushed, tagSet } from '../events/manifest-pushed.ts';
import { moveTag } from '../push/move-tag.ts';
import {
  checkManifest,
  type ReceivedManifest,
  type RepositoryPlace,
} from '../store/manifest-store.ts';

export interface ImportedTag {
  readonly tag: string;
  /** What it is to point at, stored already. */
  readonly found: ReceivedManifest;
  readonly telling: Telling;
}

/** Lets a tag point at what was imported. */
export async function importTag(
  place: RepositoryPlace,
  { tag, found, telling }: ImportedTag,
): Promise<void> {
  const manifest = checkManifest(found);
  const pushed = manifestPushed(found, manifest);
  const moved = await moveTag(place, {
    tag,
    digest: found.digest,
    mediaType: manifest.mediaType,
    size: found.bytes.byteLength,
    pushedBy: 'import',
    pushedAt: Date.now(),
    mayMove: true,
    announce: (before) => telling.announce(tagSet(pushed, tag, before)),
  });
  if (moved !== 'taken' && moved.isMoved) telling.done(tagSet(pushed, tag, moved.before));
  await telling.finish();
}
