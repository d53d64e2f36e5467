// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../core/oci/registry-error.ts';
import type { ReceivedMessage } from './received-request.ts';

/**
 * What node:http lets through and HTTP/1.1 does not: whatever stands between us and the client may read such
 * a request differently than we do, and where two disagree requests are smuggled.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-6.1
 */
export function protocolFault(message: ReceivedMessage): RegistryError | undefined {
  if (message.httpVersionMajor !== 1) return fault(505, 'only HTTP/1 is spoken here');
  const { host } = message.headers;
  // Two lines of it, joined. A comma is no part of a host.
  if (typeof host === 'string' && host.includes(',')) return fault(400, 'more than one "Host"');
  return message.readableEnded ? undefined : codingFault(message);
}

/** Requests without `Transfer-Encoding` or `Content-Length` do not come here. */
function codingFault({ headers, httpVersionMinor }: ReceivedMessage): RegistryError | undefined {
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  if (httpVersionMinor === 0) return fault(400, 'HTTP/1.0 has no "Transfer-Encoding"');
  if (typeof coding === 'string' && coding.toLowerCase() === 'chunked') return undefined;
  return fault(501, 'the only transfer coding spoken here is "chunked"');
}

function fault(status: number, message: string): RegistryError {
  return new RegistryError('UNSUPPORTED', message, { status });
}
