// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { algorithmOf, type Digest, hexOf } from '../core/oci/digest.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';

export interface ExpectedBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/**
 * A body that ends only if it is what it should be. Its last chunk is held back until the digest is right: no
 * store gets all of a wrong one, whatever it takes for the end.
 *
 * @throws UpstreamError `wrong-digest`
 */
export async function* verifiedBlob(
  body: AsyncIterable<Uint8Array>,
  { digest, size }: ExpectedBlob,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash(algorithmOf(digest));
  let received = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    received += chunk.byteLength;
    if (received > size) throw wrong(digest, `more than the ${size} bytes it should have`);
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (received !== size) throw wrong(digest, `${received} bytes, and not ${size}`);
  if (hash.digest('hex') !== hexOf(digest)) throw wrong(digest, 'other bytes');
  if (held !== undefined) yield held;
}

function wrong(digest: Digest, what: string): UpstreamError {
  return new UpstreamError('wrong-digest', `the source gave "${digest}" ${what}`);
}
