// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../oci/digest.ts';

/** What is known of a manifest of a repository. */
export interface KnownManifest {
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
  /** What it lists. */
  readonly manifests: readonly Digest[];
  readonly subject: Digest | undefined;
}

export interface RepositoryManifests {
  readonly manifests: ReadonlyMap<Digest, KnownManifest>;
  readonly tagged: ReadonlySet<Digest>;
}

/**
 * Manifests that nothing leads to: no tag, no index, no subject. Only those that are not led to by another such
 * one: each goes before what it needs, so that whoever breaks off on the way leaves nothing that lacks a part.
 *
 * @param before milliseconds since 1970: younger ones stay
 */
export function untaggedManifests(
  { manifests, tagged }: RepositoryManifests,
  before: number,
): readonly Digest[] {
  const listed = new Set<Digest>();
  for (const manifest of manifests.values()) {
    for (const child of manifest.manifests) listed.add(child);
  }
  const isLedTo = (digest: Digest, { subject }: KnownManifest): boolean =>
    tagged.has(digest) || listed.has(digest) || (subject !== undefined && manifests.has(subject));
  return [...manifests]
    .filter(([digest, manifest]) => manifest.writtenAt <= before && !isLedTo(digest, manifest))
    .map(([digest]) => digest);
}
