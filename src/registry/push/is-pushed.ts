// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { Manifest } from '../../core/oci/manifest.ts';
import { isLinked } from '../store/blob-store.ts';
import { deletedBlobsKey, referrerKey } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { findManifestRecord, findTag } from '../store/records.ts';

export interface PushedManifest {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly tags: Iterable<string>;
}

/**
 * Whether a push would change nothing: most builds push again what is there. What the manifest refers to was looked
 * for when it came first, and stays as long as its record does unless somebody deletes a blob by itself, so it is
 * not looked for again. In the order of a
 * deletion, so that whatever is deleted meanwhile was there when the first of this was found.
 */
export async function isPushed(
  place: RepositoryPlace,
  { digest, manifest, tags }: PushedManifest,
): Promise<boolean> {
  const { storage, repository } = place;
  for (const tag of tags) {
    if ((await findTag(storage, repository, tag))?.record.digest !== digest) return false;
  }
  const subject = manifest.subject?.digest;
  if (subject !== undefined) {
    const key = referrerKey({ repository, subject, referrer: digest });
    if ((await storage.stat(key)) === undefined) return false;
  }
  if (!(await isLinked({ ...place, digest }))) return false;
  if ((await findManifestRecord(storage, repository, digest)) === undefined) return false;
  return (await storage.stat(deletedBlobsKey(repository))) === undefined;
}
