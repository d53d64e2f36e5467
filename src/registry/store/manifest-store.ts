// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import { algorithmOf, type Digest } from '../../core/oci/digest.ts';
import type { Manifest } from '../../core/oci/manifest.ts';
import { referencesOf, referrerDescriptor } from '../../core/oci/manifest-references.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { parseBytes } from '../../upstream/manifest-check.ts';
import { linkBlob } from './blob-store.ts';
import { blobKey, manifestKey, referrerKey } from './layout.ts';
import type { ManifestRecord } from './records.ts';
import { createOnce } from './small-object.ts';
import { digestOf } from './verify-body.ts';

/** What every client takes: the specification asks for at least this much, and nobody needs more. */
export const LARGEST_MANIFEST = 4 * 1024 * 1024;

/** One repository of a store. */
export interface RepositoryPlace {
  readonly storage: StorageDriver;
  readonly repository: string;
}

/** Where a manifest goes. */
export interface ManifestPlace extends RepositoryPlace {
  /** Called before the repository has a manifest that it did not have; gives the nonce of its record. */
  readonly announce?: () => Promise<string>;
}

/** A manifest as it came, with what it said it is. */
export interface ReceivedManifest {
  readonly bytes: Uint8Array;
  /** The Content-Type it came with; without one the document has to say. */
  readonly mediaType: string | undefined;
  readonly digest: Digest;
}

/**
 * Hashes, compares, then parses.
 *
 * @throws RegistryError `DIGEST_INVALID`, `MANIFEST_INVALID`
 */
export function checkManifest({ bytes, mediaType, digest }: ReceivedManifest): Manifest {
  if (bytes.byteLength > LARGEST_MANIFEST) {
    const message = `a manifest is at most ${LARGEST_MANIFEST} bytes`;
    throw new RegistryError('MANIFEST_INVALID', message, { status: 413 });
  }
  if (digestOf(bytes, algorithmOf(digest)) !== digest) {
    throw new RegistryError('DIGEST_INVALID', `the bytes are not those of "${digest}"`);
  }
  const parsed = parseBytes(bytes, mediaType);
  if (parsed.ok) return parsed.manifest;
  throw new RegistryError('MANIFEST_INVALID', `the manifest is malformed: ${parsed.problem}`);
}

/**
 * Stores a manifest under its digest; what it refers to is there already. The order is that of what relies on
 * what: bytes, link, record, referrer. A step that was done before is skipped, so that a push that broke off is
 * completed by repeating it.
 *
 * @returns whether it was new to the repository
 */
export async function putManifest(
  { storage, repository, announce }: ManifestPlace,
  received: ReceivedManifest,
  manifest: Manifest,
): Promise<boolean> {
  const { bytes, digest } = received;
  await createOnce(storage, blobKey(digest), bytes);
  await linkBlob({ storage, repository, digest }, bytes.byteLength);
  const key = manifestKey(repository, digest);
  const writeRecord = async (): Promise<boolean> => {
    const nonce = (await announce?.()) ?? randomUUID();
    const record = JSON.stringify({ ...recordOf(manifest, bytes.byteLength), nonce });
    return (await storage.write(key, record, { condition: { absent: true } })) !== 'conflict';
  };
  const isThere = (await storage.stat(key)) !== undefined;
  const isNew = !isThere && (await writeRecord());
  const subject = manifest.subject?.digest;
  if (subject !== undefined) {
    const place = referrerKey({ repository, subject, referrer: digest });
    const about = { digest, mediaType: manifest.mediaType, size: bytes.byteLength };
    await createOnce(storage, place, JSON.stringify(referrerDescriptor(manifest, about)));
  }
  return isNew;
}

/** What is recorded of a manifest. */
export function recordOf(manifest: Manifest, size: number): ManifestRecord {
  const { manifests, blobs } = referencesOf(manifest);
  const { mediaType, subject, artifactType } = manifest;
  return {
    mediaType,
    size,
    ...(subject !== undefined && { subject: subject.digest }),
    ...(artifactType !== undefined && { artifactType }),
    children: { manifests: digestsOf(manifests), blobs: digestsOf(blobs) },
  };
}

function digestsOf(descriptors: readonly Descriptor[]): Digest[] {
  return [...new Set(descriptors.map(({ digest }) => digest))];
}
