// SPDX-License-Identifier: Apache-2.0
import type { Removable } from '../../core/collection/plan-digest.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import type { CollectionLease } from '../store/collection-lease.ts';
import { removeMarker, swapMarker } from '../store/condemned-marker.ts';
import { blobKey, linkKey, linkPrefix, manifestKey, referrerKey } from '../store/layout.ts';
import { findManifestRecord } from '../store/records.ts';
import { orDamaged } from '../store/repository-scan.ts';

export interface Sweep {
  readonly storage: StorageDriver;
  readonly lease: CollectionLease;
  readonly digest: Digest;
  readonly removable: Removable;
  /** The version of the marker as it was read. */
  readonly version: string;
}

/** Deletes what nobody needs of a digest. False when somebody came first who relies on it. */
export async function sweepDigest(sweep: Sweep): Promise<boolean> {
  const { storage, lease, digest, removable, version } = sweep;
  await lease.hold();
  const marked = await swapMarker(storage, digest, { version, to: 'deleting' });
  if (marked === undefined) return false;
  for (const repository of removable.manifests) await removeRecord(sweep, repository);
  for (const repository of removable.links) {
    await lease.hold();
    await storage.remove(linkKey(digest, repository));
  }
  if (removable.bytes) await removeBytes(sweep);
  await lease.hold();
  await removeMarker(storage, digest, marked);
  return true;
}

/** Out of the list of its subject first: nothing may name what is gone. */
async function removeRecord({ storage, lease, digest }: Sweep, repository: string): Promise<void> {
  const record = await orDamaged(findManifestRecord(storage, repository, digest));
  const subject = record === 'damaged' ? undefined : record?.subject;
  await lease.hold();
  if (subject !== undefined) {
    await storage.remove(referrerKey({ repository, subject, referrer: digest }));
  }
  await lease.hold();
  await storage.remove(manifestKey(repository, digest));
}

/**
 * A link without bytes would have every later push believe that they are there: those that came meanwhile go as
 * well. Whoever wrote one sees the marker before it is acknowledged.
 */
async function removeBytes({ storage, lease, digest }: Sweep): Promise<void> {
  await lease.hold();
  await storage.remove(blobKey(digest));
  for await (const { key } of storage.list(linkPrefix(digest))) {
    await lease.hold();
    await storage.remove(key);
  }
}
