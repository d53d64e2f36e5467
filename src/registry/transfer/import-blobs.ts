// SPDX-License-Identifier: Apache-2.0

import { concurrently } from '../../core/concurrently.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { isForeignLayer } from '../../core/oci/media-type.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import type { ImageSource } from '../../upstream/image-source.ts';
import { linkBlob, putBlob, statBlob } from '../store/blob-store.ts';
import type { Condemned } from '../store/condemned.ts';
import { claim, isBlobKept } from '../store/keep.ts';
import { blobKey } from '../store/layout.ts';
import { ImportError } from './import-error.ts';

/** How far an import has come, one step at a time. */
export interface ImportStep {
  /** `foreign`: a layer that may only be fetched from elsewhere, which is never done, and that the source lacks. */
  readonly kind:
    | 'blob-copied'
    | 'blob-present'
    | 'blob-foreign'
    | 'manifest-copied'
    | 'manifest-present';
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

export interface BlobImport {
  readonly source: ImageSource;
  readonly storage: StorageDriver;
  readonly repository: string;
  readonly progress: (step: ImportStep) => void;
  readonly signal: AbortSignal | undefined;
  /** What a collection of the same store may be deleting. */
  readonly condemned: Condemned;
}

const COPIES_AT_A_TIME = 4;

/** Copies blobs the repository lacks, each held to the digest and size its manifest says. */
export async function importBlobs(job: BlobImport, blobs: readonly Descriptor[]): Promise<void> {
  await concurrently(blobs, COPIES_AT_A_TIME, (blob) => importBlob(job, blob));
}

async function importBlob(job: BlobImport, blob: Descriptor): Promise<void> {
  const { digest, size } = blob;
  const kind = await bringBlob(job, blob);
  job.progress({ kind, digest, size });
}

/** Once more, should it have been there and been collected at the same moment. */
async function bringBlob(job: BlobImport, blob: Descriptor): Promise<ImportStep['kind']> {
  for (;;) {
    const claimed = await claim(job.condemned, [blob.digest]);
    const kind = (await isPresent(job, blob)) ? 'blob-present' : await copyBlob(job, blob);
    const isKept = kind === 'blob-foreign' || (await isBlobKept({ ...job, ...blob }, claimed));
    if (isKept) return kind;
  }
}

/** Bytes that another repository brought are linked, not copied: whoever imports may read the whole store. */
async function isPresent(job: BlobImport, { digest, size }: Descriptor): Promise<boolean> {
  const { storage, repository } = job;
  const place = { storage, repository, digest };
  const info = (await statBlob(place)) ?? (await storage.stat(blobKey(digest)));
  if (info === undefined) return false;
  if (info.size !== size) {
    throw new ImportError(
      'invalid',
      `"${digest}" has ${info.size} bytes, not ${size} as its manifest says`,
    );
  }
  await linkBlob(place);
  return true;
}

async function copyBlob(
  { source, storage, repository, signal }: BlobImport,
  { digest, size, mediaType, urls }: Descriptor,
): Promise<'blob-copied' | 'blob-foreign'> {
  const body = await source.fetchBlob(digest, signal);
  if (body !== undefined) {
    await putBlob({ storage, repository, digest }, body, { size, signal });
    return 'blob-copied';
  }
  // Its `urls` are the manifest author's choice of servers for us to call (CVE-2020-15157).
  if (isForeignLayer(mediaType) || urls !== undefined) return 'blob-foreign';
  throw new ImportError('missing', `"${source.name}" has no blob "${digest}"`);
}
