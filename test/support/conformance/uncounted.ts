// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

export interface UncountedRequest {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: ReadableStream;
}

/**
 * Sends a body in chunks and never a Content-Length, as clients in Go do with what they do not count. `fetch`
 * would count a body that ends at once, and say 0.
 */
export async function sendUncounted(
  url: URL,
  { method, headers, body }: UncountedRequest,
): Promise<Response> {
  const sent = request(url, { method, headers: { ...headers, 'transfer-encoding': 'chunked' } });
  const [[answer]] = await Promise.all([
    // `once` knows nothing of what an event comes with.
    once(sent, 'response') as Promise<[IncomingMessage]>,
    pipeline(Readable.fromWeb(body), sent),
  ]);
  return new Response(Buffer.concat(await answer.toArray()), {
    status: answer.statusCode ?? 0,
    headers: Object.entries(answer.headersDistinct).map(([name, values = []]) => [
      name,
      values.join(', '),
    ]),
  });
}
