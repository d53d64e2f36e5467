// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import type { Digest, DigestAlgorithm } from '../../core/oci/digest.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { type ExpectedBody, verifiedBody } from '../../upstream/verified-body.ts';
import { wrongDigest } from './refusals.ts';

/**
 * A body of which nobody gets all unless it is what it should be.
 *
 * @throws RegistryError `DIGEST_INVALID`, `SIZE_INVALID`
 */
export function verified(
  body: AsyncIterable<Uint8Array>,
  expected: ExpectedBody,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, size } = expected;
  return verifiedBody(body, expected, (fault) =>
    fault.kind === 'digest' ? wrongDigest(digest) : wrongSize(digest, size, fault.found),
  );
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

function wrongSize(digest: Digest, size: number | undefined, found: number | 'more') {
  const message = `expected ${size} bytes of "${digest}", found ${found}`;
  return new RegistryError('SIZE_INVALID', message);
}
