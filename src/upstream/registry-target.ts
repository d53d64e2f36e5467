// SPDX-License-Identifier: Apache-2.0
import { parseDigest } from '../core/oci/digest.ts';
import { ACCEPT_MANIFESTS } from '../core/oci/media-type.ts';
import { isTag } from '../core/oci/reference.ts';
import { isRepository } from '../core/oci/repository.ts';
import type { ImageTarget } from './image-target.ts';
import { listAsReferrer } from './list-as-referrer.ts';
import { type BlobPlace, pushBlob } from './push-blob.ts';
import { pushManifest } from './push-manifest.ts';
import type { UpstreamClient } from './upstream-client.ts';
import { UpstreamError } from './upstream-error.ts';

export interface RegistryPlace extends BlobPlace {
  /** Reads, with tokens for pushing: see `actions`. */
  readonly client: UpstreamClient;
  /** As a person wrote it, for messages. */
  readonly name: string;
}

/**
 * A repository of a registry that is pushed to.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
 */
export function registryTarget(place: RegistryPlace): ImageTarget {
  const { client, repository, name } = place;
  if (!isRepository(repository)) {
    throw new UpstreamError('invalid-reference', `"${repository}" is no repository name`);
  }
  const base = `/v2/${repository}`;
  const digestAt = async (reference: string, signal: AbortSignal) => {
    const options = { accept: ACCEPT_MANIFESTS, signal };
    const head = await client.head(`${base}/manifests/${reference}`, options);
    return head && { said: parseDigest(head.header('docker-content-digest') ?? '') };
  };
  const list = listAsReferrer(place);
  return {
    name,
    hasBlob: async (digest, signal) =>
      (await client.head(`${base}/blobs/${digest}`, { signal })) !== undefined,
    putBlob: (blob, open, signal) => pushBlob(place, { blob, open, signal }),
    hasManifest: async (digest, signal) => (await digestAt(digest, signal)) !== undefined,
    putManifest: (manifest, signal) => pushManifest(place, manifest.digest, { manifest, signal }),
    async nameManifest(manifest, reference, signal) {
      if (reference === undefined) return list(manifest, signal);
      if (!isTag(reference)) return;
      const found = await digestAt(reference, signal);
      if (found?.said === manifest.digest) return;
      await pushManifest(place, reference, { manifest, signal });
    },
  };
}
