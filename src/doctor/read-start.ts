// SPDX-License-Identifier: Apache-2.0
import type { WireAnswer } from '../upstream/transport.ts';

/** The first bytes of a body, and no more: leaving the loop closes the connection. */
export async function readStart(
  { body }: Pick<WireAnswer, 'body'>,
  most: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size >= most) break;
  }
  return Buffer.concat(pieces).subarray(0, most);
}

/** Text enough to recognise a page or a document by; bytes that are no UTF-8 do no harm. */
export function looseText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
