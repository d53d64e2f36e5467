// SPDX-License-Identifier: Apache-2.0
import type { AddressInfo, Server } from 'node:net';

export interface ListenOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** The address cannot be listened on: taken, forbidden or not of this machine. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(name: string, at: string, cause: NodeJS.ErrnoException) {
    const { code = 'UNKNOWN' } = cause;
    const advice = ADVICE[code];
    super(`cannot listen on "${at}" for "${name}"${advice ? `, ${advice}` : ''}`, { cause });
    this.code = code;
  }
}

const ADVICE: Readonly<Record<string, string | undefined>> = {
  EADDRINUSE: 'another program does: stop it, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'nobody knows this name: give an address of this machine',
  EACCES:
    'which takes a right of its own below 1024: choose another port, or give CAP_NET_BIND_SERVICE',
};

/** @throws ListenError */
export function listen(server: Server, { name, host, port }: ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      reject(new ListenError(name, `${host}:${port}`, error));
    };
    server.once('error', failed);
    // Without a host, node takes `::` where there is IPv6 and 0.0.0.0 where there is none.
    server.listen(host === '::' ? { port } : { host, port }, () => {
      server.off('error', failed);
      // An accept that failed (no descriptor left, say) concerns one connection, not the server.
      server.on('error', () => {});
      resolve(server.address() as AddressInfo); // of a server that listens on a port, as here
    });
  });
}

/** Without a trailing slash; loopback for a server that listens on every address. */
export function urlOf(scheme: 'http' | 'https', { address, port }: AddressInfo): string {
  const isAny = address === '::' || address === '0.0.0.0';
  if (isAny) return `${scheme}://127.0.0.1:${port}`;
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
