// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { Telling } from '../events/event-log.ts';
import type { Happening } from '../events/registry-event.ts';
import { manifestKey, referrerKey } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { type ManifestRecord, readReferrer } from '../store/records.ts';
import { orDamaged, scanManifests, scanTags } from '../store/repository-scan.ts';
import { createOnce } from '../store/small-object.ts';
import type { Removed } from './removal-plan.ts';
import { announceAll } from './remove-told.ts';

export interface RemovedRecords {
  /** Writes again what was removed. */
  readonly restore: () => Promise<void>;
  /** What has happened, if it stays so. */
  readonly gone: readonly Happening[];
}

/** Removes the records of manifests and their entries among referrers. Bytes and links stay. */
export async function removeRecords(
  place: RepositoryPlace,
  removed: Removed,
  telling: Telling,
): Promise<RemovedRecords> {
  const { storage, repository } = place;
  const happenings = Array.from(removed, deletionOf);
  await announceAll(telling, happenings);
  const gone: Array<readonly [key: string, text: string]> = [];
  for (const [referrer, record] of removed) {
    const subject = record?.subject;
    if (subject !== undefined) {
      const key = referrerKey({ repository, subject, referrer });
      const entry = await orDamaged(readReferrer(storage, key));
      if (entry !== undefined && entry !== 'damaged') gone.push([key, JSON.stringify(entry)]);
      await storage.remove(key);
    }
    const key = manifestKey(repository, referrer);
    if (record !== undefined) gone.push([key, JSON.stringify(record)]);
    await storage.remove(key);
  }
  const restore = async () => {
    for (const [key, text] of gone) await createOnce(storage, key, text);
  };
  return { restore, gone: happenings };
}

function deletionOf([digest, record]: readonly [Digest, ManifestRecord | undefined]): Happening {
  const { mediaType, subject, nonce } = record ?? {};
  return { type: 'manifest.deleted', digest, mediaType, subject, ends: nonce };
}

/** What leads to one of the removed by now, as text: pushed after we had looked. */
export async function neededAgain(
  place: RepositoryPlace,
  removed: Removed,
): Promise<string | undefined> {
  for await (const { tag, digest } of scanTags(place)) {
    if (removed.has(digest)) return `the tag "${tag}" was pushed just now`;
  }
  for await (const { digest, record } of scanManifests(place)) {
    const isPushed = (child: Digest) => removed.has(child);
    if (record?.children.manifests.some(isPushed))
      return `the index "${digest}" was pushed just now`;
  }
  return undefined;
}
