// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';

/** What came back on a connection until the server closed it. */
export interface RawAnswer {
  readonly text: string;
  /** Of each answer, in order, as far as they can be told apart. */
  readonly statuses: readonly number[];
  /** The connection was reset rather than closed. */
  readonly isReset: boolean;
}

/** Writes bytes that no HTTP client would, one character a byte, and reads until the server closes the connection. */
export function sendRaw(port: number, ...parts: readonly string[]): Promise<RawAnswer> {
  const socket = connect({ port, host: '127.0.0.1' });
  for (const part of parts) socket.write(part, 'latin1');
  return readToClose(socket);
}

/** Like {@link sendRaw}, but says that nothing more will come: ends connections that would be kept alive. */
export function sendRawAndEnd(port: number, ...parts: readonly string[]): Promise<RawAnswer> {
  const socket = connect({ port, host: '127.0.0.1' });
  for (const part of parts) socket.write(part, 'latin1');
  socket.end();
  return readToClose(socket);
}

export function readToClose(socket: Socket): Promise<RawAnswer> {
  let text = '';
  let isReset = false;
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('error', () => {
    isReset = true;
  });
  return new Promise((resolve) => {
    socket.on('close', () => resolve({ text, statuses: statusesIn(text), isReset }));
  });
}

function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((match) => Number(match[1]));
}

/** A request head with CRLF line ends; `Host` is added. */
export function head(requestLine: string, ...lines: readonly string[]): string {
  return `${[requestLine, 'Host: test', ...lines].join('\r\n')}\r\n\r\n`;
}
