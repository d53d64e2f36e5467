// SPDX-License-Identifier: Apache-2.0
import type { WireAnswer } from './transport.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface BodyBound {
  readonly url: URL;
  readonly maxBytes: number;
}

/** Reads a whole body, and no more of it than the bound. A length that is announced is refused before a byte is read. */
export async function readBounded(
  answer: Pick<WireAnswer, 'header' | 'body' | 'discard'>,
  { url, maxBytes }: BodyBound,
): Promise<Uint8Array> {
  const announced = Number(answer.header('content-length') ?? 0);
  if (announced > maxBytes) {
    await answer.discard();
    throw tooLarge(url, maxBytes);
  }
  // In one piece from the start: pieces that are put together at the end take twice the memory.
  let bytes = Buffer.alloc(announced > 0 ? announced : FIRST_BYTES);
  let size = 0;
  // Leaving the loop closes the connection: nobody waits for the rest.
  for await (const piece of answer.body) {
    const place = size;
    size += piece.byteLength;
    if (size > maxBytes) throw tooLarge(url, maxBytes);
    if (size > bytes.length) bytes = Buffer.concat([bytes], Math.max(size, 2 * bytes.length));
    bytes.set(piece, place);
  }
  return size === bytes.length ? bytes : bytes.subarray(0, size);
}

/** Of a body whose length is not known. */
const FIRST_BYTES = 4096;

function tooLarge(url: URL, maxBytes: number): UpstreamError {
  return new UpstreamError(
    'too-large',
    `${shownUrl(url)} answered with more than ${maxBytes} bytes`,
  );
}
