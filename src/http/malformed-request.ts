// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { errorBody } from '../core/oci/registry-error.ts';
import type { RequestLog } from './request-log.ts';
import type { ServerCounts } from './server-counts.ts';

/** How long the client has to read its refusal before the connection is destroyed, in milliseconds. */
const LINGER = 500;

interface Refusal {
  readonly status: number;
  readonly phrase: string;
  readonly message: string;
}

/** Not a code of the parser's: node:http hands the connection over without a request to answer. */
export const CONNECT = 'CONNECT';

const MALFORMED: Refusal = {
  status: 400,
  phrase: 'Bad Request',
  message: 'malformed HTTP request',
};

const REFUSALS: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    phrase: 'Request Timeout',
    message: 'the request took too long to arrive',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    phrase: 'Content Too Large',
    message: 'the extensions of a chunk are too large',
  },
  [CONNECT]: {
    status: 405,
    phrase: 'Method Not Allowed',
    message: 'this is no proxy',
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    phrase: 'Request Header Fields Too Large',
    message: 'the header of the request is too large',
  },
};

export interface RefusalPorts {
  readonly requestLog: RequestLog | undefined;
  readonly counts: ServerCounts;
}

/**
 * Answers what node:http could not read as a request, by hand, since there is no response object to answer
 * with, and closes the connection: where the next request would begin is unknown.
 *
 * @param code of the parser's error. The error itself holds the bytes received, so it goes no further
 */
export function refuseMalformed(
  code: string | undefined,
  socket: Duplex,
  { requestLog, counts }: RefusalPorts,
): void {
  // More after a last request: it has been or will be answered, and the connection then closed.
  if (code === 'HPE_CLOSED_CONNECTION') return;
  // Nobody to answer, or answered already: what arrives after the refusal is malformed too.
  if (!socket.writable || code === 'ECONNRESET') {
    if (!socket.writableEnded) socket.destroy();
    return;
  }
  const refusal = REFUSALS[code ?? ''] ?? MALFORMED;
  socket.end(wireText(refusal));
  // Destroyed at once, with input unread, the connection would be reset and the refusal lost on its way.
  const timer = setTimeout(() => socket.destroy(), LINGER).unref();
  socket.once('close', () => clearTimeout(timer));

  counts.answered(refusal.status, 0);
  requestLog?.write({
    ...UNREAD,
    status: refusal.status,
    requestId: randomUUID(),
    facts: { code },
  });
}

const UNREAD = { method: undefined, target: undefined, milliseconds: 0, bytes: 0, aborted: false };

function wireText({ status, phrase, message }: Refusal): string {
  const body = errorBody('UNSUPPORTED', message);
  return [
    `HTTP/1.1 ${status} ${phrase}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
