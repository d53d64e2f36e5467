// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../../core/concurrently.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import { referencesOf } from '../../core/oci/manifest-references.ts';
import { isForeignLayer, manifestKindOf } from '../../core/oci/media-type.ts';
import type { Archive } from '../../upstream/archive/read-archive.ts';
import { imagesOf } from '../../upstream/layout-images.ts';
import { isWhole } from '../../upstream/layout-writer.ts';
import { parseBytes } from '../../upstream/manifest-check.ts';
import { blobPath, readEntries } from '../../upstream/oci-layout.ts';
import { platformText } from './choose-platform.ts';

export interface BundledImage {
  /** `team/app:v1`, as far as the bundle says it. */
  readonly name: string;
  readonly digest: Digest;
  readonly platforms: readonly string[];
}

export interface BundleReport {
  readonly images: readonly BundledImage[];
  readonly manifests: number;
  readonly blobs: number;
  /** Of manifests and blobs. */
  readonly bytes: number;
  /** None when it is whole. */
  readonly problems: readonly string[];
}

const AT_A_TIME = 4;
const DOCUMENTS: readonly string[] = ['oci-layout', 'index.json'];

/**
 * Reads all of an archive: every blob has the bytes of its digest, everything that anything refers to is there, and
 * nothing is there that nothing refers to. Needs nothing but the archive.
 */
export async function verifyBundle(archive: Archive, signal: AbortSignal): Promise<BundleReport> {
  const problems: string[] = [];
  const held = heldBlobs(archive, problems);
  const wholes = await concurrently([...held.keys()], AT_A_TIME, async (digest) => {
    if (await isWhole(archive.files, digest, signal)) return [digest];
    problems.push(`"${digest}" has other bytes`);
    return [];
  });
  const layout = { name: 'the bundle', files: archive.files };
  const entries = await readEntries(layout).catch((error: unknown) => {
    problems.push(error instanceof Error ? error.message : 'its index cannot be read');
    return [];
  });
  const job = { archive, held, whole: new Set(wholes.flat()), problems, reached: newReached() };
  await reachAll(job, entries);
  const { reached } = job;
  for (const digest of held.keys()) {
    if (!reached.digests.has(digest))
      problems.push(`"${digest}" is there, and nothing refers to it`);
  }
  const images = imagesOf(entries).map(({ repository, tag, digest }) => ({
    name: [
      ...(repository === undefined ? [] : [repository]),
      ...(tag === undefined ? [] : [tag]),
    ].join(':'),
    digest,
    platforms: reached.platforms.get(digest) ?? [],
  }));
  return {
    images,
    manifests: reached.manifests,
    blobs: held.size - reached.manifests,
    bytes: [...held.values()].reduce((sum, size) => sum + size, 0),
    problems,
  };
}

function heldBlobs({ entries }: Archive, problems: string[]): ReadonlyMap<Digest, number> {
  const held = new Map<Digest, number>();
  for (const [path, { size }] of entries) {
    const [, algorithm, hex] = /^blobs\/([a-z0-9]+)\/([a-f0-9]+)$/.exec(path) ?? [];
    const digest = parseDigest(`${algorithm}:${hex}`);
    if (digest !== undefined) held.set(digest, size);
    else if (!DOCUMENTS.includes(path)) problems.push(`${JSON.stringify(path)} is foreign to it`);
  }
  return held;
}

interface Reached {
  readonly digests: Set<Digest>;
  readonly platforms: Map<Digest, readonly string[]>;
  manifests: number;
}

function newReached(): Reached {
  return { digests: new Set(), platforms: new Map(), manifests: 0 };
}

interface Reaching {
  readonly archive: Archive;
  readonly held: ReadonlyMap<Digest, number>;
  /** Only what has the bytes of its digest is read as what it says it is. */
  readonly whole: ReadonlySet<Digest>;
  readonly problems: string[];
  readonly reached: Reached;
}

/** Level by level, each digest once. */
async function reachAll(job: Reaching, entries: readonly Descriptor[]): Promise<void> {
  let level = entries;
  while (level.length > 0) {
    const next: Descriptor[] = [];
    for (const descriptor of level) next.push(...(await reach(job, descriptor)));
    level = next;
  }
}

async function reach(job: Reaching, descriptor: Descriptor): Promise<readonly Descriptor[]> {
  const { held, reached, problems, whole } = job;
  const { digest, size, mediaType } = descriptor;
  const found = held.get(digest);
  if (found !== undefined && found !== size) {
    problems.push(`"${digest}" has ${found} bytes, and not ${size}`);
  }
  if (reached.digests.has(digest)) return [];
  reached.digests.add(digest);
  if (found === undefined) {
    const isElsewhere = isForeignLayer(mediaType) || descriptor.urls !== undefined;
    if (!isElsewhere) problems.push(`"${digest}" is referred to, and not there`);
    return [];
  }
  if (manifestKindOf(mediaType) === 'opaque' || !whole.has(digest)) return [];
  reached.manifests += 1;
  return childrenOf(job, descriptor);
}

async function childrenOf(
  { archive, problems, reached }: Reaching,
  { digest, mediaType }: Descriptor,
): Promise<readonly Descriptor[]> {
  try {
    const bytes = (await archive.files.read(blobPath(digest))) ?? new Uint8Array();
    const parsed = parseBytes(bytes, mediaType);
    if (!parsed.ok) throw new Error(parsed.problem);
    const { manifests, blobs } = referencesOf(parsed.manifest);
    reached.platforms.set(
      digest,
      manifests.flatMap((listed) => platformText(listed) ?? []),
    );
    return [...manifests, ...blobs];
  } catch (error) {
    problems.push(
      `"${digest}" is malformed: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
    return [];
  }
}
