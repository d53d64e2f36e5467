// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type Digest, parseDigest } from '../../src/core/oci/digest.ts';

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

/** Content with its address. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly mediaType: string;
}

export function sha256Of(bytes: string | Uint8Array): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  if (digest === undefined) throw new Error('a hash is a digest');
  return digest;
}

export function sha512Of(bytes: string | Uint8Array): Digest {
  const digest = parseDigest(`sha512:${createHash('sha512').update(bytes).digest('hex')}`);
  if (digest === undefined) throw new Error('a hash is a digest');
  return digest;
}

export function contentOf(document: unknown, mediaType: string): Content {
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, digest: sha256Of(bytes), mediaType };
}

export function descriptorOf({ mediaType, digest, bytes }: Content) {
  return { mediaType, digest, size: bytes.byteLength };
}

/** A manifest without layers. Its fields are what a test cares about. */
export function someManifest(fields: Readonly<Record<string, unknown>> = {}): Content {
  const config = contentOf({}, 'application/vnd.oci.image.config.v1+json');
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: descriptorOf(config),
    layers: [],
  };
  return contentOf({ ...document, ...fields }, MANIFEST_TYPE);
}

export function someIndex(
  manifests: readonly unknown[],
  fields: Readonly<Record<string, unknown>> = {},
): Content {
  return contentOf({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests, ...fields }, INDEX_TYPE);
}

/** All of a blob as text; nothing when there is no blob. */
export async function textOf(body: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
