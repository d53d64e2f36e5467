// SPDX-License-Identifier: Apache-2.0
import type { Handler, HttpAnswer, HttpRequest } from '../../src/protocol/http.ts';
import { all } from './storage-reading.ts';

/** A request as a handler sees it; header names in lower case. */
export function someRequest(
  target: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): HttpRequest {
  return {
    method,
    target,
    header: (name) => headers[name],
    peer: '192.0.2.1',
    body: (async function* (): AsyncGenerator<Uint8Array> {})(),
    signal: new AbortController().signal,
  };
}

/** The same with a body. */
export function requestWith(
  body: string | Uint8Array | AsyncIterable<Uint8Array>,
  request: HttpRequest,
): HttpRequest {
  const isWhole = typeof body === 'string' || body instanceof Uint8Array;
  return { ...request, body: isWhole ? oneChunk(Buffer.from(body)) : body };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** An answer as a client would see it. */
export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly text: string;
}

export async function receive(answer: HttpAnswer): Promise<ReceivedAnswer> {
  const { status, headers, body = '' } = answer;
  const bytes =
    typeof body === 'string' || body instanceof Uint8Array
      ? Buffer.from(body)
      : Buffer.concat(await all(body));
  const pairs = headers.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), headers[index + 1] ?? '']] : [],
  );
  return { status, headers: Object.fromEntries(pairs), bytes, text: bytes.toString() };
}

export async function ask(handler: Handler, request: HttpRequest): Promise<ReceivedAnswer> {
  return receive(await handler(request));
}
