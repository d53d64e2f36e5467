// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { algorithmOf, type Digest, type DigestAlgorithm, parseDigest } from '../core/oci/digest.ts';
import { parseReference, type Reference } from '../core/oci/reference.ts';
import type { ManifestBytes } from './image-source.ts';
import { UpstreamError } from './upstream-error.ts';

/** What a manifest can be. Docker's first schema is none of them: its digest is not that of its bytes. */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

export const INDEX_MEDIA_TYPE = 'application/vnd.oci.image.index.v1+json';

export interface UncheckedManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string | undefined;
  /** What was asked for, and of whom, for messages. */
  readonly shown: string;
}

/**
 * Makes sure of a manifest before anybody parses it: its media type is known, and it is what was asked
 * for. What a server says its digest is plays no part.
 */
export function checkManifest(reference: Reference, manifest: UncheckedManifest): ManifestBytes {
  const { bytes, mediaType, shown } = manifest;
  if (mediaType === undefined || !MANIFEST_MEDIA_TYPES.includes(mediaType)) {
    const message = `${shown} is no manifest: its media type is "${mediaType ?? ''}"`;
    throw new UpstreamError('bad-answer', message);
  }
  const expected = reference.kind === 'digest' ? reference.digest : undefined;
  const digest = digestOf(bytes, expected === undefined ? 'sha256' : algorithmOf(expected));
  if (expected !== undefined && digest !== expected) {
    throw new UpstreamError('wrong-digest', `${shown} has other bytes, of digest ${digest}`);
  }
  return { digest, mediaType, bytes };
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm): Digest {
  // Checked by construction: the hash is written in the grammar of a digest.
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** Callers hold text that came from outside: nothing is asked for what is neither a tag nor a digest. */
export function requireReference(text: string): Reference {
  const reference = parseReference(text);
  if (reference !== undefined) return reference;
  throw new UpstreamError('invalid-reference', `"${text}" is neither a tag nor a digest`);
}

/** For digests that are about to become part of a path, whatever their type says. */
export function requireDigest(text: string): Digest {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  throw new UpstreamError('invalid-reference', `"${text}" is no digest`);
}
