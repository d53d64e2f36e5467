// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Descriptor } from '../core/oci/descriptor.ts';
import { algorithmOf, type Digest, type DigestAlgorithm, parseDigest } from '../core/oci/digest.ts';
import { type ParsedManifest, parseManifest } from '../core/oci/manifest.ts';
import { manifestKindOf, OCI_INDEX } from '../core/oci/media-type.ts';
import { parseReference, type Reference } from '../core/oci/reference.ts';
import type { ManifestBytes } from './image-source.ts';
import { UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

export interface UncheckedManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string | undefined;
  /** What was asked for, and of whom, for messages. */
  readonly shown: string;
}

/**
 * Makes sure of a manifest before anybody parses it: its media type is known, and it is what was asked
 * for. What a server says its digest is plays no part. Docker's first schema is not among what is known,
 * because its digest is not that of its bytes: who wants to read it nevertheless has `schema1-check.ts`.
 */
export function checkManifest(reference: Reference, manifest: UncheckedManifest): ManifestBytes {
  const { bytes, mediaType, shown } = manifest;
  if (mediaType === undefined || manifestKindOf(mediaType) === 'opaque') {
    const message = `${shown} is no manifest: its media type is "${mediaType ?? ''}"`;
    throw new UpstreamError('bad-answer', message);
  }
  const expected = reference.kind === 'digest' ? reference.digest : undefined;
  return { digest: requireBytesOf(bytes, expected, shown), mediaType, bytes };
}

/** The digest of these bytes, which has to be the expected one, where there is one; `shown` is for messages. */
export function requireBytesOf(
  bytes: Uint8Array,
  expected: Digest | undefined,
  shown: string,
): Digest {
  const digest = digestOf(bytes, expected === undefined ? 'sha256' : algorithmOf(expected));
  if (expected === undefined || digest === expected) return digest;
  throw new UpstreamError('wrong-digest', `${shown} has other bytes, of digest ${digest}`);
}

function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm): Digest {
  // Checked by construction: the hash is written in the grammar of a digest.
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** What the bytes say, read as the media type they came with, or as the one they claim. */
export function parseBytes(bytes: Uint8Array, mediaType?: string): ParsedManifest {
  const text = decodeUtf8(bytes);
  return text === undefined
    ? { ok: false, problem: 'it is no UTF-8' }
    : parseManifest(text, mediaType);
}

/** What an index lists; `name` is who sent it. */
export function requireDescriptors(bytes: Uint8Array, name: string): readonly Descriptor[] {
  const parsed = parseBytes(bytes, OCI_INDEX);
  if (parsed.ok) return parsed.manifest.manifests;
  throw new UpstreamError('bad-answer', `"${name}" has a malformed index: ${parsed.problem}`);
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
