// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../../core/concurrently.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { ManifestBytes, TaggedSource } from '../../upstream/image-source.ts';
import type { ImageTarget } from '../../upstream/image-target.ts';
import { verifiedBlob } from '../verified-blob.ts';
import { choosePlatform, type Platform } from './choose-platform.ts';
import { CopyError } from './copy-error.ts';
import { type PlannedImage, planImage } from './plan-image.ts';
import { type Patience, withPatience } from './with-patience.ts';

export interface ImageCopy {
  readonly source: TaggedSource;
  /** A tag or digest in the source. */
  readonly reference: string;
  readonly target: ImageTarget;
  /** The tag it gets there; without one it is found by its digest. */
  readonly tag: string | undefined;
  /** Left out, all of them. */
  readonly platform?: Platform | undefined;
  readonly includesReferrers: boolean;
  /** Looks at everything, and writes nothing. */
  readonly isDry: boolean;
  /** Told of everything that is done, or would be. */
  readonly onStep: (step: CopyStep) => void;
  /** Told of bytes as they pass, also of those that come to nothing. */
  readonly onBytes: (bytes: number) => void;
  readonly patience: Patience;
  readonly signal: AbortSignal;
}

export interface CopyStep {
  readonly kind: 'manifest' | 'blob';
  readonly digest: Digest;
  readonly size: number;
  /** `mounted`: the target had the bytes in another repository. */
  readonly how: 'copied' | 'mounted' | 'present';
}

export interface CopiedImage {
  readonly digest: Digest;
  /** Everything that it leads to, itself included. */
  readonly manifests: readonly Digest[];
  readonly blobs: readonly Descriptor[];
  readonly foreign: readonly Digest[];
}

const AT_A_TIME = 4;

/**
 * Copies an image with what it lists and what is about it, every byte as it is: blobs, then manifests from the
 * innermost outwards, what is about them, the tag last. What is there is passed over, so that one that broke off is
 * repeated from where it stopped, and nothing shows before it is whole.
 *
 * @throws CopyError, UpstreamError
 */
export async function copyImage(job: ImageCopy): Promise<CopiedImage> {
  const { source, signal, includesReferrers } = job;
  const root = await rootOf(job);
  const plan = await planImage({ source, root, includesReferrers, signal });
  await concurrently(plan.blobs, AT_A_TIME, (blob) => copyBlob(job, blob));
  for (const manifest of plan.manifests) await copyManifest(job, manifest);
  if (!job.isDry) await nameAll(job, plan, root);
  return {
    digest: root.digest,
    manifests: plan.manifests.map(({ digest }) => digest),
    blobs: plan.blobs,
    foreign: plan.foreign,
  };
}

async function rootOf({ source, reference, platform, signal }: ImageCopy): Promise<ManifestBytes> {
  const root = await source.fetchManifest(reference, signal);
  if (root === undefined) {
    throw new CopyError('missing', `"${source.name}" has no manifest "${reference}"`);
  }
  return platform === undefined ? root : choosePlatform(source, { root, platform }, signal);
}

async function copyBlob(job: ImageCopy, blob: Descriptor): Promise<void> {
  const { source, target, signal } = job;
  const { digest, size } = blob;
  const open = async () => {
    const body = await source.fetchBlob(digest, signal);
    if (body === undefined) throw new CopyError('missing', `"${source.name}" lacks it`);
    return counted(verifiedBlob(body, { digest, size }), job.onBytes);
  };
  const how = await attempt(job, `blob "${digest}"`, async () => {
    if (await target.hasBlob(digest, signal)) return 'present';
    return job.isDry ? 'copied' : target.putBlob(blob, open, signal);
  });
  job.onStep({ kind: 'blob', digest, size, how });
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    onBytes(piece.byteLength);
    yield piece;
  }
}

async function copyManifest(job: ImageCopy, manifest: ManifestBytes): Promise<void> {
  const { target, signal } = job;
  const { digest, bytes } = manifest;
  const how = await attempt(job, `manifest "${digest}"`, async () => {
    if (await target.hasManifest(digest, signal)) return 'present';
    if (!job.isDry) await target.putManifest(manifest, signal);
    return 'copied';
  });
  job.onStep({ kind: 'manifest', digest, size: bytes.byteLength, how });
}

async function nameAll(job: ImageCopy, plan: PlannedImage, root: ManifestBytes): Promise<void> {
  const { target, signal } = job;
  const name = (manifest: ManifestBytes, reference: string | undefined) =>
    attempt(job, `"${reference ?? manifest.digest}"`, () =>
      target.nameManifest(manifest, reference, signal),
    );
  for (const referrer of plan.referrers) await name(referrer, undefined);
  for (const [tag, manifest] of plan.tags) await name(manifest, tag);
  await name(root, job.tag ?? root.digest);
}

/** Says what it was about, and from where to where. */
async function attempt<T>(job: ImageCopy, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await withPatience(work, { ...job.patience, signal: job.signal });
  } catch (cause) {
    const { source, target } = job;
    const reason = cause instanceof Error ? cause.message : 'failed';
    const message = `${what} from "${source.name}" to "${target.name}": ${reason}`;
    throw new CopyError('failed', message, cause instanceof Error ? cause.cause : cause);
  }
}
