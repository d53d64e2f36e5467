// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';
import { referencesOf } from '../core/oci/manifest-references.ts';
import { isForeignLayer } from '../core/oci/media-type.ts';
import { isSchema1, parseSchema1 } from '../core/oci/schema1.ts';
import type { ManifestBytes } from '../upstream/image-source.ts';
import { parseBytes } from '../upstream/manifest-check.ts';
import { digestOf } from '../upstream/schema1-check.ts';
import { decodeUtf8 } from '../upstream/utf8.ts';
import type { ForeignLayer, KnownManifest } from './known-repository.ts';

/** Undefined when nobody can say. */
export type SizeOfBlob = (digest: Digest) => Promise<number | undefined>;

/** @throws Error that says what is wrong with it */
export async function describeManifest(
  found: ManifestBytes,
  sizeOf: SizeOfBlob,
): Promise<KnownManifest> {
  return isSchema1(found.mediaType) ? describeSchema1(found, sizeOf) : describe(found);
}

function describe({ digest, mediaType, bytes }: ManifestBytes): KnownManifest {
  const parsed = parseBytes(bytes, mediaType);
  if (!parsed.ok) throw malformed(digest, parsed.problem);
  const { manifests, blobs } = referencesOf(parsed.manifest);
  const [own, elsewhere] = [blobs.filter(isOwn), blobs.filter((blob) => !isOwn(blob))];
  return {
    mediaType,
    size: bytes.byteLength,
    manifests: manifests.map((listed) => listed.digest),
    blobs: own.map((blob) => [blob.digest, blob.size]),
    foreign: elsewhere.length,
    ...(elsewhere.length > 0 && { elsewhere: elsewhere.map(asForeign) }),
    referrers: [],
  };
}

function isOwn({ mediaType, urls }: Descriptor): boolean {
  return !isForeignLayer(mediaType) && urls === undefined;
}

function asForeign({ digest, size, urls = [] }: Descriptor): ForeignLayer {
  return { digest, size, urls };
}

const AT_A_TIME = 4;

/** It says nothing of sizes, so they are asked for: once, because what a digest is as large as never changes. */
async function describeSchema1(
  { digest, mediaType, bytes }: ManifestBytes,
  sizeOf: SizeOfBlob,
): Promise<KnownManifest> {
  const layers = parseSchema1(decodeUtf8(bytes) ?? '');
  if (typeof layers === 'string') throw malformed(digest, layers);
  const blobs = await concurrently(layers, AT_A_TIME, async (layer) => {
    const size = await sizeOf(layer);
    if (size !== undefined) return [layer, size] as const;
    throw new Error(`nobody says how large the layer ${layer} is`);
  });
  const isSigned = digestOf(bytes) !== digest;
  const nothing = { manifests: [], foreign: 0, referrers: [] };
  const own = { mediaType, size: bytes.byteLength, blobs, ...nothing };
  return isSigned ? { ...own, isSigned } : own;
}

function malformed(digest: Digest, problem: string): Error {
  return new Error(`the manifest "${digest}" is malformed: ${problem}`);
}
