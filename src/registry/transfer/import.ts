// SPDX-License-Identifier: Apache-2.0

import { concurrently } from '../../core/concurrently.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { referencesOf } from '../../core/oci/manifest-references.ts';
import { isForeignLayer } from '../../core/oci/media-type.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import type { ImageSource, ManifestBytes } from '../../upstream/image-source.ts';
import { NO_TELLING, type Telling } from '../events/event-log.ts';
import { manifestPushed } from '../events/manifest-pushed.ts';
import { statBlob } from '../store/blob-store.ts';
import { type Condemned, openCondemned } from '../store/condemned.ts';
import { ensureLayout } from '../store/ensure-layout.ts';
import { claim } from '../store/keep.ts';
import { checkManifest, putManifest } from '../store/manifest-store.ts';
import { PROCESS_TIME } from '../store/process-time.ts';
import { type BlobImport, type ImportStep, importBlobs } from './import-blobs.ts';
import { ImportError } from './import-error.ts';
import { importTag } from './import-tag.ts';

export interface ImportOptions {
  readonly source: ImageSource;
  readonly storage: StorageDriver;
  readonly repository: string;
  /** The tag or digest in the source. */
  readonly reference: string;
  /** The tag it gets here; one that is there moves. */
  readonly tag: string;
  readonly progress?: (step: ImportStep) => void;
  readonly signal?: AbortSignal;
  /** What collections of the same store have condemned; left out, it is looked up there. */
  readonly condemned?: Condemned;
  /** Left out, nobody hears of it. */
  readonly tell?: (() => Telling) | undefined;
}

export interface ImportResult {
  /** Of what the tag points at. */
  readonly digest: Digest;
  /** Copied, referrers among them. */
  readonly manifests: number;
  readonly blobs: number;
  /** Copied, of manifests and blobs. */
  readonly bytes: number;
  /** Manifests and blobs that were there already. */
  readonly skipped: number;
  /** Layers that were left where they are: their manifest says they are to be had from elsewhere. */
  readonly foreign: readonly Digest[];
}

/** An index of indexes of images with referrers that have referrers: five, and nobody goes beyond. */
const DEEPEST = 12;

/** Referrers can be attached without end (CVE-2023-46737). */
const MOST_MANIFESTS = 10_000;

/**
 * Copies an image with everything it lists and everything that is about it: what is listed first, then the
 * manifest, then its referrers, the tag last. An import that failed left no tag, and is repeated from where it
 * stopped.
 *
 * @throws ImportError, RegistryError for content that is not what it should be
 */
export async function importImage(options: ImportOptions): Promise<ImportResult> {
  const { source, storage, repository, reference, tag, signal } = options;
  const tell = options.tell ?? (() => NO_TELLING);
  await ensureLayout(storage);
  const count = counter();
  const progress = (step: ImportStep): void => {
    count.add(step);
    options.progress?.(step);
  };
  const found = await source.fetchManifest(reference, signal);
  if (found === undefined) throw missing(source, reference);
  const { digest } = found;
  const seen = { manifests: new Set([digest]), blobs: new Set<Digest>() };
  const condemned = options.condemned ?? openCondemned(storage, PROCESS_TIME);
  const job = { source, storage, repository, progress, signal, seen, condemned, tell };
  await importManifest(job, found, 0);
  throwIfAborted(signal);
  const claimed = await claim(condemned, [digest]);
  await importTag({ storage, repository }, { tag, found, telling: tell() });
  // A manifest that had no tag may have been collected before it got this one.
  await requireThere(job, await claimed.doubtful());
  return { digest, ...count.total() };
}

interface ImageImport extends BlobImport {
  readonly tell: () => Telling;
  /** What was taken care of: each digest is visited once, in whatever circles the source leads. */
  readonly seen: { readonly manifests: Set<Digest>; readonly blobs: Set<Digest> };
}

async function importManifest(
  job: ImageImport,
  found: ManifestBytes,
  depth: number,
): Promise<void> {
  const { storage, repository, source, progress, signal, seen } = job;
  const { digest, bytes } = found;
  if (depth > DEEPEST) throw tooLarge(`"${digest}" is nested more than ${DEEPEST} deep`);
  const manifest = checkManifest(found);
  const { manifests, blobs } = referencesOf(manifest);
  await importListed(job, manifests, depth + 1);
  await importBlobs(job, unseen(seen.blobs, blobs));
  throwIfAborted(signal);
  // What is listed may still be on its way, when something else lists it, too.
  const stored = blobs.filter(isOurs).map((blob) => blob.digest);
  const relied = [digest, ...manifests.map((listed) => listed.digest), ...stored];
  const claimed = await claim(job.condemned, relied);
  await requireThere(job, stored);
  const telling = job.tell();
  const pushed = manifestPushed(found, manifest);
  const announce = () => telling.announce(pushed);
  const isNew = await putManifest({ storage, repository, announce }, found, manifest);
  if (isNew) telling.done(pushed);
  await telling.finish();
  const isDoubtful = (await claimed.doubtful()).length > 0;
  if (isDoubtful) await requireThere(job, [digest, ...stored]);
  const kind = isNew ? 'manifest-copied' : 'manifest-present';
  progress({ kind, digest, size: bytes.byteLength });
  await importListed(job, await source.listReferrers(digest, signal), depth + 1);
}

/** Of others the bytes may be nowhere but elsewhere. */
function isOurs({ mediaType, urls }: Descriptor): boolean {
  return !isForeignLayer(mediaType) && urls === undefined;
}

const LOOKS = 16;

/** What was brought long ago, or was there before, may have been collected since. */
async function requireThere(job: ImageImport, digests: readonly Digest[]): Promise<void> {
  await concurrently(digests, LOOKS, async (digest) => {
    if ((await statBlob({ ...job, digest })) !== undefined) return;
    throw new ImportError('missing', `"${digest}" was collected meanwhile: import it again`);
  });
}

async function importListed(
  job: ImageImport,
  listed: readonly Descriptor[],
  depth: number,
): Promise<void> {
  const { source, signal, seen } = job;
  for (const descriptor of unseen(seen.manifests, listed)) {
    if (seen.manifests.size > MOST_MANIFESTS)
      throw tooLarge(`more than ${MOST_MANIFESTS} manifests`);
    throwIfAborted(signal);
    const found = await source.fetchManifest(descriptor.digest, signal);
    if (found === undefined) throw missing(source, descriptor.digest);
    requireSame(found, descriptor);
    await importManifest(job, found, depth);
  }
}

/** Those that come for the first time; they are seen then. */
function unseen(seen: Set<Digest>, descriptors: readonly Descriptor[]): readonly Descriptor[] {
  return descriptors.filter(({ digest }) => {
    const isFirst = !seen.has(digest);
    seen.add(digest);
    return isFirst;
  });
}

function requireSame(found: ManifestBytes, { digest, size, mediaType }: Descriptor): void {
  const isSame = found.digest === digest && found.mediaType === mediaType;
  if (isSame && found.bytes.byteLength === size) return;
  const message = `"${digest}" is not of the type and size that the manifest which lists it says`;
  throw new ImportError('invalid', message);
}

function counter() {
  let [manifests, blobs, bytes, skipped] = [0, 0, 0, 0];
  const foreign: Digest[] = [];
  return {
    add({ kind, digest, size }: ImportStep): void {
      if (kind === 'manifest-copied') manifests += 1;
      if (kind === 'blob-copied') blobs += 1;
      if (kind === 'manifest-copied' || kind === 'blob-copied') bytes += size;
      if (kind === 'manifest-present' || kind === 'blob-present') skipped += 1;
      if (kind === 'blob-foreign') foreign.push(digest);
    },
    total: () => ({ manifests, blobs, bytes, skipped, foreign }),
  };
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ImportError('aborted', 'aborted', signal.reason);
}

function missing(source: ImageSource, what: string): ImportError {
  return new ImportError('missing', `"${source.name}" has no manifest "${what}"`);
}

function tooLarge(what: string): ImportError {
  return new ImportError('limit', `the image is too large: ${what}`);
}
