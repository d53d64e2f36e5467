// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../src/core/oci/descriptor.ts';
import type { DigestAlgorithm } from '../../src/core/oci/digest.ts';
import {
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/core/oci/media-type.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import type { RegistryClient } from './registry-client.ts';
import type { ReceivedAnswer } from './registry-requests.ts';

export function describe(mediaType: string, content: string): Descriptor {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) };
}

/** A manifest of an image with one layer, as text. */
export function imageOf(layer: string, fields: object = {}): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describe(OCI_CONFIG, '{}'),
    layers: [describe(OCI_LAYER_GZIP, layer)],
    ...fields,
  });
}

export function indexOf(manifests: readonly string[], fields: object = {}): string {
  const listed = manifests.map((manifest) => describe(OCI_MANIFEST, manifest));
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: listed };
  return JSON.stringify({ ...document, ...fields });
}

export interface ManifestPush {
  readonly client: RegistryClient;
  readonly repository: string;
  /** A tag or digest, with a query perhaps; the digest of the manifest unless it is given. */
  readonly reference?: string;
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly algorithm?: DigestAlgorithm;
}

export function pushManifest(push: ManifestPush, manifest: string): Promise<ReceivedAnswer> {
  const { client, repository, mediaType = OCI_MANIFEST } = push;
  const reference = push.reference ?? digestOf(manifest, push.algorithm);
  const headers = { 'content-type': mediaType, ...push.headers };
  const path = `${repository}/manifests/${reference}`;
  return client.ask('PUT', path, { body: manifest, headers });
}

/** An image with its blobs; what is answered to its manifest. */
export async function pushImage(push: ManifestPush, manifest: string): Promise<ReceivedAnswer> {
  const { client, repository, headers } = push;
  const layers = ['layer', '{}'];
  for (const content of layers) {
    const path = `${repository}/blobs/uploads/?digest=${digestOf(content)}`;
    await client.ask('POST', path, { body: content, ...(headers && { headers }) });
  }
  return pushManifest(push, manifest);
}
