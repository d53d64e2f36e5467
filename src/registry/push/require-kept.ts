// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { Manifest } from '../../core/oci/manifest.ts';
import { referencesOf } from '../../core/oci/manifest-references.ts';
import type { Visit } from '../registry-ports.ts';
import { isStored } from '../store/find-manifest.ts';
import { type Claim, hasBytesOrNoLink } from '../store/keep.ts';
import { manifestKey, referrerKey } from '../store/layout.ts';
import { putManifest, type ReceivedManifest } from '../store/manifest-store.ts';
import { requireReferences } from './require-references.ts';

export interface NewManifest {
  readonly received: ReceivedManifest;
  readonly manifest: Manifest;
  /** Of all that it relies on. */
  readonly claimed: Claim;
}

/** What has to stay if the push of a manifest is to be acknowledged. */
export function reliedOn(own: Digest, manifest: Manifest): readonly Digest[] {
  const { manifests, blobs } = referencesOf(manifest);
  return [own, ...[...manifests, ...blobs].map(({ digest }) => digest)];
}

/**
 * Makes sure that nothing was deleted between the look at what the manifest refers to and its record. If something
 * was, a record that is ours goes again.
 *
 * @throws RegistryError `MANIFEST_BLOB_UNKNOWN`, and StoreError when a deletion takes too long
 */
export async function requireKept(visit: Visit, push: NewManifest, isOurs: boolean): Promise<void> {
  const { received, manifest, claimed } = push;
  try {
    if ((await claimed.doubtful()).length === 0) return;
    const { acceptMissingReferences } = visit.registry.settings;
    await requireReferences(visit, manifest, acceptMissingReferences);
  } catch (error) {
    if (isOurs) await removeRecord(visit, push);
    await hasBytesOrNoLink({ ...visit, digest: received.digest });
    throw error;
  }
  // At least once: what is left of it may be a link to bytes that are gone.
  do await putManifest(visit, received, manifest);
  while (!(await isStored(visit, received.digest)));
}

async function removeRecord(
  { storage, repository }: Visit,
  { received, manifest }: NewManifest,
): Promise<void> {
  const { digest } = received;
  const subject = manifest.subject?.digest;
  if (subject !== undefined) {
    await storage.remove(referrerKey({ repository, subject, referrer: digest }));
  }
  await storage.remove(manifestKey(repository, digest));
}
