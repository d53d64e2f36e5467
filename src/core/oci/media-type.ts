// SPDX-License-Identifier: Apache-2.0

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
/** Only release candidates of the image specification had it; registries still hold some. */
export const OCI_ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';

/** Registries answer 404 for a manifest of a type that was not asked for. */
export const ACCEPT_MANIFESTS = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST, '*/*'].join(
  ', ',
);

/** What a manifest's media type says about its shape; `opaque` content is stored and served unread. */
export type ManifestKind = 'image' | 'index' | 'artifact' | 'opaque';

const KIND_OF_MEDIA_TYPE: ReadonlyMap<string, ManifestKind> = new Map([
  [OCI_MANIFEST, 'image'],
  [DOCKER_MANIFEST, 'image'],
  [OCI_INDEX, 'index'],
  [DOCKER_LIST, 'index'],
  [OCI_ARTIFACT, 'artifact'],
]);

export function manifestKindOf(mediaType: string): ManifestKind {
  return KIND_OF_MEDIA_TYPE.get(mediaType) ?? 'opaque';
}

// RFC 6838 section 4.2: names that fit are also safe to send in a header.
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** The media type in a Content-Type header: in lower case, its parameters dropped. */
export function parseMediaType(text: string): string | undefined {
  const semicolon = text.indexOf(';');
  const bare = semicolon === -1 ? text : text.slice(0, semicolon);
  const mediaType = bare.trim().toLowerCase();
  return MEDIA_TYPE.test(mediaType) ? mediaType : undefined;
}

/**
 * Layers whose licence forbids registries to give them away: their bytes may be nowhere but at their `urls`.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#non-distributable-layers
 */
export function isForeignLayer(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.') ||
    mediaType.startsWith('application/vnd.docker.image.rootfs.foreign.')
  );
}
