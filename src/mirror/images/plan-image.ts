// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../../core/concurrently.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import { algorithmOf, type Digest, hexOf } from '../../core/oci/digest.ts';
import { referencesOf } from '../../core/oci/manifest-references.ts';
import { isForeignLayer } from '../../core/oci/media-type.ts';
import type { ManifestBytes, TaggedSource } from '../../upstream/image-source.ts';
import { parseBytes } from '../../upstream/manifest-check.ts';
import { CopyError } from './copy-error.ts';
import { inOrder } from './manifest-order.ts';

export interface ImageWanted {
  readonly source: TaggedSource;
  readonly root: ManifestBytes;
  readonly includesReferrers: boolean;
  readonly signal: AbortSignal;
}

/** Everything that belongs to an image, each once. */
export interface PlannedImage {
  /** What is listed comes before what lists it, and what is about something behind that. */
  readonly manifests: readonly ManifestBytes[];
  /** Of those: what is about something, and has no tag. */
  readonly referrers: readonly ManifestBytes[];
  /** Tags of what is about something, as cosign has them. */
  readonly tags: ReadonlyMap<string, ManifestBytes>;
  readonly blobs: readonly Descriptor[];
  /** Layers that are to be had from elsewhere, as their manifest says: they stay where they are. */
  readonly foreign: readonly Digest[];
}

/** An index of indexes of images with referrers that have referrers: five, and nobody goes beyond. */
const DEEPEST = 12;
/** Referrers can be attached without end (CVE-2023-46737). */
const MOST_MANIFESTS = 10_000;
const MOST_BYTES = 134_217_728;
const AT_A_TIME = 8;

/**
 * Reads all manifests of an image, level by level, since what refers to what is for the source to say, circles
 * included. They are held until they are written: they are small, and there is a bound.
 */
export async function planImage(wanted: ImageWanted): Promise<PlannedImage> {
  const walk = openWalk(wanted);
  let level: readonly ManifestBytes[] = [wanted.root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) throw tooLarge(walk, `it is nested more than ${DEEPEST} deep`);
    const found = await concurrently(level, AT_A_TIME, (manifest) => visit(walk, manifest));
    level = found.flat();
  }
  const { manifests, children, referrers, tags, blobs, foreign } = walk;
  const order = inOrder([...manifests.keys()], children);
  return {
    manifests: order.flatMap((digest) => manifests.get(digest) ?? []),
    referrers: [...referrers].flatMap((digest) => manifests.get(digest) ?? []),
    tags,
    blobs: [...blobs.values()],
    foreign: [...foreign],
  };
}

interface Walk extends ImageWanted {
  readonly manifests: Map<Digest, ManifestBytes>;
  readonly seen: Set<Digest>;
  readonly children: Map<Digest, readonly Digest[]>;
  readonly referrers: Set<Digest>;
  readonly tags: Map<string, ManifestBytes>;
  readonly blobs: Map<Digest, Descriptor>;
  readonly foreign: Set<Digest>;
  /** Every tag there is, asked for once, when something may have one. */
  readonly listed: () => Promise<readonly string[]>;
  bytes: number;
}

function openWalk(wanted: ImageWanted): Walk {
  let listed: Promise<readonly string[]> | undefined;
  return {
    ...wanted,
    manifests: new Map(),
    seen: new Set([wanted.root.digest]),
    children: new Map(),
    referrers: new Set(),
    tags: new Map(),
    blobs: new Map(),
    foreign: new Set(),
    listed: () => {
      listed ??= wanted.source.listTags(wanted.signal);
      return listed;
    },
    bytes: 0,
  };
}

/** What a manifest leads to, as far as it is new. */
async function visit(walk: Walk, found: ManifestBytes): Promise<readonly ManifestBytes[]> {
  const { digest, mediaType, bytes } = found;
  walk.manifests.set(digest, found);
  walk.bytes += bytes.byteLength;
  requireBounded(walk);
  const parsed = parseBytes(bytes, mediaType);
  if (!parsed.ok) throw new CopyError('invalid', `"${digest}" is malformed: ${parsed.problem}`);
  const { manifests, blobs } = referencesOf(parsed.manifest);
  walk.children.set(
    digest,
    manifests.map((child) => child.digest),
  );
  for (const blob of blobs) addBlob(walk, blob);
  const listed = await fetchAll(walk, manifests);
  if (!walk.includesReferrers) return listed;
  const { source, signal } = walk;
  const about = unseen(walk, await source.listReferrers(digest, signal));
  for (const referrer of about) walk.referrers.add(referrer.digest);
  const referrers = await concurrently(about, AT_A_TIME, (one) => fetchListed(walk, one));
  return [...listed, ...referrers, ...(await taggedAbout(walk, digest))];
}

function addBlob(walk: Walk, blob: Descriptor): void {
  const isForeign = isForeignLayer(blob.mediaType) || blob.urls !== undefined;
  if (isForeign) walk.foreign.add(blob.digest);
  const known = walk.blobs.get(blob.digest);
  if (known !== undefined && known.size !== blob.size) {
    const message = `"${blob.digest}" has ${known.size} bytes by one manifest, ${blob.size} by another`;
    throw new CopyError('invalid', message);
  }
  if (!isForeign) walk.blobs.set(blob.digest, blob);
}

function fetchAll(walk: Walk, listed: readonly Descriptor[]): Promise<readonly ManifestBytes[]> {
  return concurrently(unseen(walk, listed), AT_A_TIME, (one) => fetchListed(walk, one));
}

/** Counted before any of them is fetched. */
function unseen(walk: Walk, listed: readonly Descriptor[]): readonly Descriptor[] {
  const { seen } = walk;
  const found = listed.filter(({ digest }) => !seen.has(digest) && seen.add(digest));
  requireBounded(walk);
  return found;
}

function requireBounded(walk: Walk): void {
  if (walk.seen.size <= MOST_MANIFESTS && walk.bytes <= MOST_BYTES) return;
  throw tooLarge(walk, `it leads to more than ${MOST_MANIFESTS} manifests, or to too large ones`);
}

async function fetchListed(walk: Walk, listed: Descriptor): Promise<ManifestBytes> {
  const { source, signal } = walk;
  const { digest, mediaType, size } = listed;
  const found = await source.fetchManifest(digest, signal);
  if (found === undefined) throw missing(walk, digest);
  if (found.mediaType === mediaType && found.bytes.byteLength === size) return found;
  const message = `"${digest}" of "${source.name}" is not of the type and size that the manifest which lists it says`;
  throw new CopyError('invalid', message);
}

const SUFFIXES = ['.sig', '.att', '.sbom'];

/** What cosign keeps about a manifest; the list under the bare tag is made anew where it is needed. */
async function taggedAbout(walk: Walk, digest: Digest): Promise<readonly ManifestBytes[]> {
  const start = `${algorithmOf(digest)}-${hexOf(digest).slice(0, 64)}`;
  const listed = await walk.listed();
  const tags = SUFFIXES.map((suffix) => `${start}${suffix}`).filter((tag) => listed.includes(tag));
  const found = await concurrently(tags, AT_A_TIME, async (tag) => {
    const manifest = await walk.source.fetchManifest(tag, walk.signal);
    if (manifest === undefined) throw missing(walk, tag);
    walk.tags.set(tag, manifest);
    return manifest;
  });
  return found.filter(
    (manifest) => !walk.seen.has(manifest.digest) && walk.seen.add(manifest.digest),
  );
}

function missing({ source }: Walk, what: string): CopyError {
  return new CopyError('missing', `"${source.name}" lists the manifest "${what}", and lacks it`);
}

function tooLarge({ root, source }: Walk, why: string): CopyError {
  return new CopyError('limit', `"${root.digest}" of "${source.name}" is too large: ${why}`);
}
