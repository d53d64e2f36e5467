// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { selfSigned, type TestCertificate } from './certificate.ts';
import { type RawAnswer, readToClose } from './raw-http.ts';

/** Whom test certificates are for, whatever address they are met at. */
export const TLS_HOST = 'images.test';

const DAY = 86_400_000;

/** A certificate with so many days left; fewer than none for one that is over. Each has a subject of its own. */
export function certificateFor(days: number): TestCertificate {
  made += 1;
  return selfSigned({
    host: TLS_HOST,
    subject: `test ${made}`,
    validFrom: new Date(Date.now() - 90 * DAY),
    validTo: new Date(Date.now() + days * DAY),
  });
}

let made = 0;

/** How a client trusts nobody but this certificate. */
export function trusting(...certificates: readonly TestCertificate[]): ConnectionOptions {
  return { host: '127.0.0.1', servername: TLS_HOST, ca: certificates.map(({ cert }) => cert) };
}

/** A connection that has agreed on TLS. */
export async function connectTls(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ ...options, port });
  await once(socket, 'secureConnect');
  return socket;
}

/** Writes bytes over TLS, one character a byte, and reads until the server closes the connection. */
export async function sendSecure(
  port: number,
  options: ConnectionOptions,
  ...parts: readonly string[]
): Promise<RawAnswer> {
  const socket = await connectTls(port, options);
  for (const part of parts) socket.write(part, 'latin1');
  return readToClose(socket);
}
