// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { ManifestBytes } from './image-source.ts';
import {
  descriptorsOf,
  parseAnnotations,
  parseDescriptor,
  parseJsonObject,
} from './index-document.ts';
import { MANIFEST_MEDIA_TYPES } from './manifest-check.ts';
import { UpstreamError } from './upstream-error.ts';

/** Manifests looked at before a layout counts as a mistake. */
const MOST_MANIFESTS = 100_000;

type ReadManifest = (digest: Digest, mediaType: string) => Promise<ManifestBytes | undefined>;

/**
 * Finds referrers in a layout, which keeps no list of them: every manifest that the index leads to is
 * looked at once, on the first question. A sparse layout lacks some; those refer to nothing.
 */
export function layoutReferrers(
  entries: readonly Descriptor[],
  readManifest: ReadManifest,
): (subject: Digest) => Promise<readonly Descriptor[]> {
  let found: Promise<ReadonlyMap<Digest, readonly Descriptor[]>> | undefined;
  return async (subject) => {
    found ??= scan(entries, readManifest);
    return (await found).get(subject) ?? [];
  };
}

/** No recursion, and each digest once: an index may lead to itself or to many thousand others. */
async function scan(
  entries: readonly Descriptor[],
  readManifest: ReadManifest,
): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
  const referrers = new Map<Digest, Descriptor[]>();
  const seen = new Map<Digest, Descriptor>();
  const see = (descriptors: readonly Descriptor[]) => {
    for (const descriptor of descriptors.filter(isManifest))
      seen.set(descriptor.digest, descriptor);
    if (seen.size > MOST_MANIFESTS) throw tooMany();
  };
  see(entries);
  // A map goes on to what is added while it is walked.
  for (const { digest, mediaType } of seen.values()) {
    const manifest = await readManifest(digest, mediaType);
    if (manifest === undefined) continue;
    see(descriptorsOf(manifest.bytes) ?? []);
    const { subject, descriptor } = referrerOf(manifest);
    if (subject === undefined) continue;
    const others = referrers.get(subject);
    if (others === undefined) referrers.set(subject, [descriptor]);
    else others.push(descriptor);
  }
  return referrers;
}

function isManifest({ mediaType }: Descriptor): boolean {
  return MANIFEST_MEDIA_TYPES.includes(mediaType);
}

/**
 * A manifest as a list of referrers describes it.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
function referrerOf({ digest, mediaType, bytes }: ManifestBytes) {
  const document = parseJsonObject(bytes);
  const artifactType =
    document?.['artifactType'] ?? parseDescriptor(document?.['config'])?.mediaType;
  const annotations = parseAnnotations(document?.['annotations']);
  const descriptor: Descriptor = {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
  return { subject: parseDescriptor(document?.['subject'])?.digest, descriptor };
}

function tooMany(): UpstreamError {
  return new UpstreamError('too-large', `the layout has more than ${MOST_MANIFESTS} manifests`);
}
