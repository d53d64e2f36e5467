// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { Manifest } from '../../core/oci/manifest.ts';
import { referencesOf } from '../../core/oci/manifest-references.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { Visit } from '../registry-ports.ts';
import { isStored } from '../store/find-manifest.ts';
import { doubtful, withBlocked } from '../store/keep.ts';
import { manifestKey, referrerKey } from '../store/layout.ts';
import { putManifest, type ReceivedManifest } from '../store/manifest-store.ts';
import { requireReferences } from './require-references.ts';

export interface NewManifest {
  readonly received: ReceivedManifest;
  readonly manifest: Manifest;
}

/** What has to stay if the push of a manifest is to be acknowledged. */
export function reliedOn({ received, manifest }: NewManifest): readonly Digest[] {
  const { manifests, blobs } = referencesOf(manifest);
  return [received.digest, ...[...manifests, ...blobs].map(({ digest }) => digest)];
}

/**
 * Makes sure that nothing was deleted between the look at what the manifest refers to and its record. If something
 * was, a record that is ours goes again.
 *
 * @throws RegistryError `MANIFEST_BLOB_UNKNOWN`
 */
export async function requireKept(visit: Visit, push: NewManifest, isOurs: boolean): Promise<void> {
  const { registry, storage } = visit;
  const { condemned } = registry;
  const { received, manifest } = push;
  const lost = await doubtful(condemned, reliedOn(push));
  if (lost.length === 0) return;
  const refusal = await refusalFor(visit, manifest);
  if (refusal === undefined) {
    while (!(await isStored(visit, received.digest))) await putManifest(visit, received, manifest);
    return;
  }
  if (isOurs) {
    await withBlocked({ storage, condemned }, lost, async () => {
      // Somebody may have pushed what is missing, and rely on our record.
      if ((await refusalFor(visit, manifest)) !== undefined) await removeRecord(visit, push);
    });
  }
  throw refusal;
}

async function refusalFor(visit: Visit, manifest: Manifest): Promise<RegistryError | undefined> {
  try {
    const { acceptMissingReferences } = visit.registry.settings;
    await requireReferences(visit, manifest, acceptMissingReferences);
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
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
