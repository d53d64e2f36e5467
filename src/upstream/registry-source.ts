// SPDX-License-Identifier: Apache-2.0
import { algorithmOf, type Digest, hexOf } from '../core/oci/digest.ts';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
  parseMediaType,
} from '../core/oci/media-type.ts';
import { isRepository } from '../core/oci/repository.ts';
import { ACCEPT_SCHEMA1, isSchema1 } from '../core/oci/schema1.ts';
import type { ImageSource, ManifestBytes } from './image-source.ts';
import {
  checkManifest,
  requireDescriptors,
  requireDigest,
  requireReference,
} from './manifest-check.ts';
import { fetchReferrers } from './referrers.ts';
import { checkSchema1 } from './schema1-check.ts';
import type { UpstreamClient } from './upstream-client.ts';
import { UpstreamError } from './upstream-error.ts';

/** A registry that is not told what we understand may convert an index into one of its images. */
const ACCEPT = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ');

export interface RegistrySourceOptions {
  /** As a person wrote it, for messages. */
  readonly name: string;
  /** Whether manifests of Docker's first schema are content, too: the digest of their bytes may be another one. */
  readonly readsSchema1?: boolean;
}

/**
 * One repository of a registry. `Docker-Content-Digest` is not looked at: bytes are hashed. The client
 * is closed by whoever opened it, since several sources may share it.
 */
export function registrySource(
  client: UpstreamClient,
  repository: string,
  { name, readsSchema1 = false }: RegistrySourceOptions,
): ImageSource {
  if (!isRepository(repository)) {
    throw new UpstreamError('invalid-reference', `"${repository}" is no repository name`);
  }
  const base = `/v2/${repository}`;
  const accept = readsSchema1 ? `${ACCEPT}, ${ACCEPT_SCHEMA1}` : ACCEPT;

  async function fetchManifest(
    text: string,
    signal?: AbortSignal,
  ): Promise<ManifestBytes | undefined> {
    const reference = requireReference(text);
    const found = await client.get(`${base}/manifests/${text}`, { accept, signal });
    if (found === undefined) return undefined;
    const mediaType = parseMediaType(found.header('content-type') ?? '');
    const shown = `"${text}" of ${name}`;
    if (readsSchema1 && mediaType !== undefined && isSchema1(mediaType)) {
      const said = found.header('docker-content-digest');
      return checkSchema1(reference, { bytes: found.bytes, mediaType, said, shown });
    }
    return checkManifest(reference, { bytes: found.bytes, mediaType, shown });
  }

  return {
    name,
    fetchManifest,
    async fetchBlob(digest, signal) {
      const path = `${base}/blobs/${requireDigest(digest)}`;
      return (await client.stream(path, { signal }))?.body;
    },
    async listReferrers(subject, signal) {
      const path = `referrers/${requireDigest(subject)}`;
      const listed = await fetchReferrers({ client, repository, path, signal });
      if (listed !== undefined) return listed;
      const fallback = await fetchManifest(referrersTag(subject), signal);
      return fallback === undefined ? [] : requireDescriptors(fallback.bytes, name);
    },
    close: async () => undefined,
  };
}

/**
 * Where the referrers of a subject are when the registry has no API for them.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function referrersTag(subject: Digest): string {
  // Cut, so that the hex of a sha512 fits a tag.
  return `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`;
}
