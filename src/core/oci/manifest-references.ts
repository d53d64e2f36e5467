// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from './descriptor.ts';
import type { Manifest } from './manifest.ts';
import { manifestKindOf } from './media-type.ts';

/** What has to be there before a manifest may be stored. Its subject is not among it: a referrer may come first. */
export interface ManifestReferences {
  readonly manifests: readonly Descriptor[];
  readonly blobs: readonly Descriptor[];
}

/** An index may list content of any type (build caches list layers); what is no manifest is stored as a blob. */
export function referencesOf(manifest: Manifest): ManifestReferences {
  const { config, layers, manifests } = manifest;
  const isManifest = ({ mediaType }: Descriptor) => manifestKindOf(mediaType) !== 'opaque';
  return {
    manifests: manifests.filter(isManifest),
    blobs: [
      ...(config === undefined ? [] : [config]),
      ...layers,
      ...manifests.filter((entry) => !isManifest(entry)),
    ],
  };
}

/**
 * What kind of artifact a referrers list shows: a manifest without an artifact type has its config's.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export function artifactTypeOf({ artifactType, config }: Manifest): string | undefined {
  return artifactType || config?.mediaType;
}

/**
 * A manifest as a list of referrers shows it.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export function referrerDescriptor(
  manifest: Manifest,
  { digest, mediaType, size }: Pick<Descriptor, 'digest' | 'mediaType' | 'size'>,
): Descriptor {
  const { annotations } = manifest;
  const artifactType = artifactTypeOf(manifest);
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
}
