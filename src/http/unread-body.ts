// SPDX-License-Identifier: Apache-2.0
import type { ReceivedMessage } from './received-request.ts';

export interface UnreadBodyLimits {
  /** Bytes. */
  readonly unreadBody: number;
  /** Milliseconds. */
  readonly unreadBodyTimeout: number;
}

/**
 * Reads and throws away what a handler left of a request's body: closing at once would reset the connection,
 * and the answer may then never reach the client. Beyond the limits the connection is closed after all.
 */
export function discardBody(message: ReceivedMessage, limits: UnreadBodyLimits): void {
  const { socket } = message;
  let left = limits.unreadBody;
  const timer = setTimeout(() => socket.destroy(), limits.unreadBodyTimeout).unref();
  message
    .on('data', (chunk: Uint8Array) => {
      left -= chunk.byteLength;
      if (left < 0) socket.destroy();
    })
    .on('error', () => {}) // the client went away in the middle of it: nobody is left to be told
    .once('close', () => clearTimeout(timer))
    .resume();
}
