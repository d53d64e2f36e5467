// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from './digest.ts';
import { isObject } from './json-object.ts';
import { parseDocument } from './manifest-document.ts';

const SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+json';
const SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/** What a registry is told that Docker's first schema is understood, too. */
export const ACCEPT_SCHEMA1 = `${SIGNED}, ${SCHEMA1}`;

/** Whether a media type is one of Docker's first schema of manifests, which nobody writes any more. */
export function isSchema1(mediaType: string): boolean {
  return mediaType === SCHEMA1 || mediaType === SIGNED;
}

/**
 * The layers of a manifest of Docker's first schema, each once, or what is wrong with it. Empty ones repeat in them.
 * https://distribution.github.io/distribution/spec/deprecated-schema-v1/
 */
export function parseSchema1(text: string): readonly Digest[] | string {
  const document = parseDocument(text);
  if (typeof document === 'string') return document;
  if (document['schemaVersion'] !== 1) return 'its schemaVersion is not 1';
  const listed = document['fsLayers'];
  if (!Array.isArray(listed)) return 'it has no fsLayers';
  const layers = new Set<Digest>();
  for (const [place, layer] of listed.entries()) {
    const sum: unknown = isObject(layer) ? layer['blobSum'] : undefined;
    const digest = typeof sum === 'string' ? parseDigest(sum) : undefined;
    if (digest === undefined) return `fsLayers[${place}] has no digest`;
    layers.add(digest);
  }
  return [...layers];
}
