// SPDX-License-Identifier: Apache-2.0

import { concurrently } from '../../core/concurrently.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { Manifest } from '../../core/oci/manifest.ts';
import { referencesOf } from '../../core/oci/manifest-references.ts';
import { isForeignLayer } from '../../core/oci/media-type.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { statBlob } from '../store/blob-store.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { findManifestRecord } from '../store/records.ts';

const LOOKS_AT_A_TIME = 16;

/**
 * Makes sure that a repository has what a manifest refers to. Layers that nobody may give away need not be
 * here, nor need a subject: a referrer may come first.
 *
 * @throws RegistryError `MANIFEST_BLOB_UNKNOWN`, its detail says what is missing
 */
export async function requireReferences(
  place: RepositoryPlace,
  manifest: Manifest,
  acceptMissingManifests: boolean,
): Promise<void> {
  const { manifests, blobs } = referencesOf(manifest);
  const own = blobs.filter(({ mediaType }) => !isForeignLayer(mediaType));
  const missing = [
    ...(await missingOf(own, (digest) => statBlob({ ...place, digest }))),
    ...(acceptMissingManifests
      ? []
      : await missingOf(manifests, (digest) =>
          findManifestRecord(place.storage, place.repository, digest),
        )),
  ];
  if (missing.length === 0) return;
  const message = `the manifest refers to what "${place.repository}" does not have: push that first`;
  throw new RegistryError('MANIFEST_BLOB_UNKNOWN', message, {
    detail: missing.map((digest) => ({ digest })),
  });
}

async function missingOf(
  descriptors: readonly Descriptor[],
  find: (digest: Digest) => Promise<unknown>,
): Promise<readonly Digest[]> {
  const digests = [...new Set(descriptors.map(({ digest }) => digest))];
  const found = await concurrently(digests, LOOKS_AT_A_TIME, find);
  return digests.filter((_, index) => found[index] === undefined);
}
