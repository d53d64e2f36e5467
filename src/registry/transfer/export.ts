// SPDX-License-Identifier: Apache-2.0

import { concurrently } from '../../core/concurrently.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { Manifest } from '../../core/oci/manifest.ts';
import { referencesOf } from '../../core/oci/manifest-references.ts';
import { REF_NAME } from '../../upstream/layout-index.ts';
import { findManifest, readManifest } from '../store/find-manifest.ts';
import { referrerKey } from '../store/layout.ts';
import { checkManifest } from '../store/manifest-store.ts';
import { readReferrer } from '../store/records.ts';
import { scanReferrers } from '../store/repository-scan.ts';
import { type ExportOptions, exportBlob } from './export-blob.ts';

/** What is exported, and the name it gets in the layout. */
export interface ExportRoot {
  readonly digest: Digest;
  readonly tag?: string;
}

const BLOBS_AT_A_TIME = 4;

/**
 * Copies images with everything they list and everything that is about them into a layout, whose index names
 * them when all of it is there. Every byte is hashed on the way.
 *
 * @throws StoreError for what is damaged in the store
 */
export async function exportImages(
  options: ExportOptions,
  roots: AsyncIterable<ExportRoot> | Iterable<ExportRoot>,
): Promise<void> {
  const job: ImageExport = { ...options, seen: new Set(), referrers: [] };
  const entries: Descriptor[] = [];
  for await (const { digest, tag } of roots) {
    const descriptor = await exportManifest(job, digest);
    if (descriptor === undefined) continue;
    const annotations = tag === undefined ? {} : { annotations: { [REF_NAME]: tag } };
    entries.push({ ...descriptor, ...annotations });
  }
  await options.layout.addEntries([...entries, ...job.referrers]);
}

interface ImageExport extends ExportOptions {
  readonly seen: Set<Digest>;
  /** A layout has no other list of them than its index. */
  readonly referrers: Descriptor[];
}

/** What is listed first, then the manifest, then what is about it. Undefined when it is not there. */
async function exportManifest(job: ImageExport, digest: Digest): Promise<Descriptor | undefined> {
  job.signal?.throwIfAborted();
  const found = await findManifest(job, { kind: 'digest', digest });
  if (found === undefined) {
    job.progress({ kind: 'missing', digest, size: 0, copied: false });
    return undefined;
  }
  const { mediaType, size } = found;
  if (!job.seen.has(digest)) {
    job.seen.add(digest);
    const bytes = await readManifest(job, found);
    if (bytes === undefined) return undefined; // somebody is deleting it
    const manifest = checkManifest({ bytes, mediaType, digest });
    await exportListed(job, manifest);
    const copied = !(await job.layout.hasBlob(digest));
    if (copied) await job.layout.putBlob(digest, oneChunk(bytes));
    job.progress({ kind: 'manifest', digest, size, copied });
    await exportReferrers(job, digest);
  }
  return { mediaType, digest, size };
}

async function exportListed(job: ImageExport, manifest: Manifest): Promise<void> {
  const { manifests, blobs } = referencesOf(manifest);
  for (const { digest } of manifests) await exportManifest(job, digest);
  const fresh = blobs.filter(({ digest }) => !job.seen.has(digest));
  const once = new Map(fresh.map((blob) => [blob.digest, blob]));
  for (const digest of once.keys()) job.seen.add(digest);
  await concurrently([...once.values()], BLOBS_AT_A_TIME, (blob) => exportBlob(job, blob));
}

async function exportReferrers(job: ImageExport, subject: Digest): Promise<void> {
  const { storage, repository } = job;
  for await (const referrer of scanReferrers(job, subject)) {
    const key = referrerKey({ repository, subject, referrer });
    const entry = await readReferrer(storage, key);
    const isThere = (await exportManifest(job, referrer)) !== undefined;
    if (entry !== undefined && isThere) job.referrers.push(entry);
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
