// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { algorithmOf, type Digest, type DigestAlgorithm, hexOf } from '../../core/oci/digest.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { wrongDigest } from './refusals.ts';

export interface ExpectedBytes {
  readonly digest: Digest;
  /** Bytes, when it is known. */
  readonly size?: number | undefined;
}

/**
 * A body that ends only if it is what it should be. The last chunk is held back until the digest is right, so
 * that even a store which takes a body as complete at its announced length never gets all of a wrong one.
 *
 * @throws RegistryError `DIGEST_INVALID`, `SIZE_INVALID`
 */
export async function* verified(
  body: AsyncIterable<Uint8Array>,
  { digest, size }: ExpectedBytes,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash(algorithmOf(digest));
  let received = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    received += chunk.byteLength;
    if (size !== undefined && received > size) throw wrongSize(digest, size, 'more');
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (size !== undefined && received !== size) throw wrongSize(digest, size, String(received));
  if (hash.digest('hex') !== hexOf(digest)) {
    throw wrongDigest(digest);
  }
  if (held !== undefined) yield held;
}

export function digestOf(
  bytes: Uint8Array | string,
  algorithm: DigestAlgorithm = 'sha256',
): Digest {
  return digestFrom(createHash(algorithm).update(bytes), algorithm);
}

/** Ends a hash. */
export function digestFrom(hash: Hash, algorithm: DigestAlgorithm): Digest {
  // The grammar of a digest by construction.
  return `${algorithm}:${hash.digest('hex')}` as Digest;
}

function wrongSize(digest: Digest, size: number, found: string): RegistryError {
  return new RegistryError('SIZE_INVALID', `expected ${size} bytes of "${digest}", found ${found}`);
}
