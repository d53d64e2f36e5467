// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import { manifestKey, referrerKey } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { readReferrer } from '../store/records.ts';
import { orDamaged, scanManifests, scanTags } from '../store/repository-scan.ts';
import { createOnce } from '../store/small-object.ts';
import type { Removed } from './removal-plan.ts';

/** Writes again what was removed. */
export type Restore = () => Promise<void>;

/** Removes the records of manifests and their entries among referrers. Bytes and links stay. */
export async function removeRecords(place: RepositoryPlace, removed: Removed): Promise<Restore> {
  const { storage, repository } = place;
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
  return async () => {
    for (const [key, text] of gone) await createOnce(storage, key, text);
  };
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
