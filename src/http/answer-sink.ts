// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import type { HeaderList, HttpAnswer } from '../protocol/http.ts';

/** What is used of node:http's ServerResponse, which only node-server.ts knows. */
export interface AnswerSink extends Writable {
  readonly headersSent: boolean;
  /** False announces `Connection: close`, and does so. */
  shouldKeepAlive: boolean;
  statusMessage: string;
  chunkedEncoding: boolean;
  writeHead(status: number, headers: string[]): unknown;
  writeContinue(): void;
}

/** An answer whose length can be told before its first byte is written. */
export interface KnownAnswer extends HttpAnswer {
  readonly body?: string | Uint8Array;
}

export function isKnown(answer: HttpAnswer): answer is KnownAnswer {
  const { body } = answer;
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array;
}

/** An answer sent at the client's pace. */
export interface StreamedAnswer extends HttpAnswer {
  readonly body: AsyncIterable<Uint8Array>;
}

export function isStreamed(answer: HttpAnswer): answer is StreamedAnswer {
  return typeof answer.body === 'object' && Symbol.asyncIterator in answer.body;
}

export function lengthOf({ body }: KnownAnswer): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}

/** Whether the answer ends with its headers, whatever they say of a length. */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

/**
 * The headers of an answer whose length is known, `Content-Length` among them, in a list node:http may keep.
 *
 * @throws RangeError when the handler stated another length: a wrong one desynchronises the connection
 */
export function headOf(answer: KnownAnswer, length: number, method: string): string[] {
  const { status, headers } = answer;
  const stated = statedLength(headers);
  if (stated === undefined) {
    return status === 204 || status === 304
      ? [...headers]
      : [...headers, 'Content-Length', String(length)];
  }
  if (stated !== length && (answer.body !== undefined || !isBodiless(method, status))) {
    throw new RangeError(`the answer states ${stated} bytes and has ${length}`);
  }
  return [...headers];
}

/** What `Content-Length` says; not a number when it is none. */
export function statedLength(headers: HeaderList): number | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index];
    if (name?.length === 14 && name.toLowerCase() === 'content-length') {
      return Number(headers[index + 1]);
    }
  }
  return undefined;
}

/**
 * After a head that node:http refused (an invalid character, say), the sink remembers parts of it.
 * The connection is closed as well, should there be more of them.
 */
export function forgetHead(sink: AnswerSink): void {
  sink.statusMessage = '';
  sink.chunkedEncoding = false;
  sink.shouldKeepAlive = false;
}
