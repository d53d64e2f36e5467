// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { algorithmOf, type Digest, hexOf } from '../core/oci/digest.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';

/** Bytes. More than any client could make use of, and little enough to hold for every pull under way. */
const TAIL = 65_536;

/**
 * Passes a blob on, all but its end, which follows when the digest is right: what a client has whole is what
 * it asked for.
 *
 * @throws UpstreamError `wrong-digest`, before the end was passed on
 */
export async function* withheldTail(
  body: AsyncIterable<Uint8Array>,
  digest: Digest,
): AsyncGenerator<Uint8Array> {
  const hash = createHash(algorithmOf(digest));
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    held.push(chunk);
    size += chunk.byteLength;
    for (let first = held[0]; first && size - first.byteLength >= TAIL; first = held[0]) {
      held.shift();
      size -= first.byteLength;
      yield first;
    }
  }
  if (hash.digest('hex') !== hexOf(digest)) {
    throw new UpstreamError('wrong-digest', `the bytes sent for "${digest}" are others`);
  }
  yield* held;
}
