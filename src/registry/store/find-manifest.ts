// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { Reference } from '../../core/oci/reference.ts';
import { isLinked, statBlob } from './blob-store.ts';
import { blobKey, manifestKey } from './layout.ts';
import type { RepositoryPlace } from './manifest-store.ts';
import { findManifestRecord, findTagRecord } from './records.ts';
import { bytesOf } from './small-object.ts';
import { StoreError } from './store-error.ts';

/** A stored manifest, without its bytes. */
export interface FoundManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
}

/** By a tag or a digest. A tag counts only as long as the repository has what it points at. */
export async function findManifest(
  { storage, repository }: RepositoryPlace,
  reference: Reference,
): Promise<FoundManifest | undefined> {
  const digest =
    reference.kind === 'digest'
      ? reference.digest
      : (await findTagRecord(storage, repository, reference.tag))?.digest;
  if (digest === undefined) return undefined;
  const record = await findManifestRecord(storage, repository, digest);
  return record && { digest, mediaType: record.mediaType, size: record.size };
}

/** Whether a repository has a manifest with all that serving it takes. */
export async function isStored(place: RepositoryPlace, digest: Digest): Promise<boolean> {
  const { storage, repository } = place;
  if ((await findManifestRecord(storage, repository, digest)) === undefined) return false;
  return (await statBlob({ ...place, digest })) !== undefined;
}

/**
 * The bytes of a manifest, as they were received; undefined when it is just being deleted. Its record has been
 * seen, which only a repository that may serve it has: the link need not be looked at as well.
 */
export async function readManifest(
  place: RepositoryPlace,
  { digest, size }: FoundManifest,
): Promise<Uint8Array | undefined> {
  const found = await place.storage.read(blobKey(digest));
  if (found === undefined && !(await isLinked({ ...place, digest }))) return undefined;
  const bytes = found && (await bytesOf(found));
  if (bytes?.byteLength === size) return bytes;
  const key = manifestKey(place.repository, digest);
  throw new StoreError('damaged', key, 'the bytes of a manifest are gone, or not all there');
}
