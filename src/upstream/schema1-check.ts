// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { fieldOf } from '../core/net/json-value.ts';
import { type Digest, parseDigest } from '../core/oci/digest.ts';
import type { Reference } from '../core/oci/reference.ts';
import type { ManifestBytes } from './image-source.ts';
import { UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

export interface UncheckedSchema1 {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** The `Docker-Content-Digest` it came with. */
  readonly said: string | undefined;
  /** What was asked for, and of whom, for messages. */
  readonly shown: string;
}

/**
 * Makes sure of a manifest of Docker's first schema. Its digest is that of its bytes or, where it is signed, of what
 * was signed: the bytes without their signatures. So the bytes of what this returns may have another digest.
 */
export function checkSchema1(reference: Reference, manifest: UncheckedSchema1): ManifestBytes {
  const { bytes, mediaType, said, shown } = manifest;
  const own = digestOf(bytes);
  const asked = reference.kind === 'digest' ? reference.digest : parseDigest(said ?? '');
  const digest = asked ?? own;
  if (digest === own || digest === signedDigestOf(bytes)) return { digest, mediaType, bytes };
  throw new UpstreamError('wrong-digest', `${shown} has other bytes, of digest ${own}`);
}

/**
 * The digest of what is signed; undefined when nothing is.
 * https://distribution.github.io/distribution/spec/deprecated-schema-v1/#signed-manifests
 */
function signedDigestOf(bytes: Uint8Array): Digest | undefined {
  const [signature] = listAt(parseJson(decodeUtf8(bytes) ?? ''), 'signatures');
  const guarded = fieldOf(signature, 'protected');
  const header = typeof guarded === 'string' ? parseJson(decode(guarded).toString()) : undefined;
  const [length, tail] = [fieldOf(header, 'formatLength'), fieldOf(header, 'formatTail')];
  if (typeof length !== 'number' || typeof tail !== 'string' || length < 0) return undefined;
  return digestOf(Buffer.concat([bytes.subarray(0, length), decode(tail)]));
}

function listAt(value: unknown, name: string): readonly unknown[] {
  const list = fieldOf(value, name);
  return Array.isArray(list) ? list : [];
}

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function digestOf(bytes: Uint8Array): Digest {
  // Checked by construction: the hash is written in the grammar of a digest.
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
