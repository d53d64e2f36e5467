// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

export const SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+json';
export const SIGNED_SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A manifest of Docker's first schema, as its builder wrote them. */
export function schema1(layers: readonly string[]): string {
  const fsLayers = layers.map((layer) => ({ blobSum: sha256(layer) }));
  const history = layers.map((_, place) => ({ v1Compatibility: `{"id":"${place}"}` }));
  const document = { schemaVersion: 1, name: 'old', tag: 'v1', architecture: 'amd64' };
  return JSON.stringify({ ...document, fsLayers, history }, undefined, 3);
}

/** The same with a signature within, which nobody here looks at; its digest stays that of what is signed. */
export function signed(manifest: string): string {
  const tail = '\n}';
  const formatLength = manifest.length - tail.length;
  const formatTail = Buffer.from(tail).toString('base64url');
  const guarded = Buffer.from(JSON.stringify({ formatLength, formatTail })).toString('base64url');
  const signatures = JSON.stringify([{ header: {}, signature: 'x', protected: guarded }]);
  return `${manifest.slice(0, formatLength)},\n   "signatures": ${signatures}${tail}`;
}
