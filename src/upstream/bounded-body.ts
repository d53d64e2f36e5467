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
  if (Number(answer.header('content-length') ?? 0) > maxBytes) {
    await answer.discard();
    throw tooLarge(url, maxBytes);
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop closes the connection: nobody waits for the rest.
  for await (const piece of answer.body) {
    size += piece.byteLength;
    if (size > maxBytes) throw tooLarge(url, maxBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

function tooLarge(url: URL, maxBytes: number): UpstreamError {
  return new UpstreamError(
    'too-large',
    `${shownUrl(url)} answered with more than ${maxBytes} bytes`,
  );
}
