// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { algorithmOf, type Digest, hexOf } from '../core/oci/digest.ts';

export interface ExpectedBody {
  readonly digest: Digest;
  /** Bytes, when it is known. */
  readonly size?: number | undefined;
}

/** What is wrong with a body. */
export type BodyFault =
  | { readonly kind: 'size'; readonly found: number | 'more' }
  | { readonly kind: 'digest' };

/**
 * A body that ends only if it is what it should be. The last chunk is held back until the digest is right, so
 * that even a store which takes a body as complete at its announced length never gets all of a wrong one.
 *
 * @param failure what is thrown when it is not
 */
export async function* verifiedBody(
  body: AsyncIterable<Uint8Array>,
  { digest, size }: ExpectedBody,
  failure: (fault: BodyFault) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash(algorithmOf(digest));
  let received = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    received += chunk.byteLength;
    if (size !== undefined && received > size) throw failure({ kind: 'size', found: 'more' });
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (size !== undefined && received !== size) throw failure({ kind: 'size', found: received });
  if (hash.digest('hex') !== hexOf(digest)) throw failure({ kind: 'digest' });
  if (held !== undefined) yield held;
}
