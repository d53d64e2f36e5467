// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';
import { referrerDescriptor } from '../core/oci/manifest-references.ts';
import { manifestKindOf } from '../core/oci/media-type.ts';
import type { ManifestBytes } from './image-source.ts';
import { parseBytes } from './manifest-check.ts';
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
    const parsed = parseBytes(manifest.bytes, mediaType);
    // What is malformed refers to nothing: whoever fetches it will be told what is wrong.
    if (!parsed.ok) continue;
    see(parsed.manifest.manifests);
    const subject = parsed.manifest.subject?.digest;
    if (subject === undefined) continue;
    const about = { digest, mediaType: manifest.mediaType, size: manifest.bytes.byteLength };
    const descriptor = referrerDescriptor(parsed.manifest, about);
    const others = referrers.get(subject);
    if (others === undefined) referrers.set(subject, [descriptor]);
    else others.push(descriptor);
  }
  return referrers;
}

function isManifest({ mediaType }: Descriptor): boolean {
  return manifestKindOf(mediaType) !== 'opaque';
}

function tooMany(): UpstreamError {
  return new UpstreamError('too-large', `the layout has more than ${MOST_MANIFESTS} manifests`);
}
