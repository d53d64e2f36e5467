// SPDX-License-Identifier: Apache-2.0

declare const digestBrand: unique symbol;

/** A content address, `algorithm:encoded`, lower-case hexadecimal. Only {@link parseDigest} makes one. */
export type Digest = string & { readonly [digestBrand]: true };

export type DigestAlgorithm = 'sha256' | 'sha512';

const SHA256 = /^sha256:[a-f0-9]{64}$/;
const SHA512 = /^sha512:[a-f0-9]{128}$/;

/**
 * Reads a digest of one of the two algorithms that clients can check.
 *
 * The image specification lets other algorithms through when they fit the grammar; a content
 * address that nobody on the way can verify has no use here, so they are refused.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
export function parseDigest(text: string): Digest | undefined {
  // The only cast to Digest: the grammar was just checked.
  return SHA256.test(text) || SHA512.test(text) ? (text as Digest) : undefined;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512';
}

/** The part after the colon. */
export function hexOf(digest: Digest): string {
  return digest.slice(7); // both algorithms have names of six letters
}
