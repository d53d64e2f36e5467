// SPDX-License-Identifier: Apache-2.0
import type { Server, Socket } from 'node:net';
import { limitStalled } from './idle-connections.ts';
import type { ServerLimits } from './limits.ts';
import type { ServerCounts } from './server-counts.ts';

/** The connections of one server, each once: by its raw socket until TLS is agreed on, then by the one that HTTP is spoken on. */
export interface Connections {
  readonly open: ReadonlySet<Socket>;
  /** Breaks a connection off, so that no client takes its end for the end of an answer. */
  readonly reset: (socket: Socket) => void;
}

export interface ConnectionPorts {
  readonly limits: ServerLimits;
  readonly counts: ServerCounts;
}

export function trackConnections(server: Server, ports: ConnectionPorts): Connections {
  const open = trackSockets(server, ports);
  return { open, reset: (socket) => socket.resetAndDestroy() };
}

/** For a server of TLS. */
export function trackSecureConnections(server: Server, ports: ConnectionPorts): Connections {
  const open = trackSockets(server, ports);
  const handshakes = new Map<string, Socket>();
  const rawOf = new WeakMap<Socket, Socket>();
  server.on('connection', (raw) => {
    const ends = endsOf(raw);
    handshakes.set(ends, raw);
    raw.once('close', () => handshakes.delete(ends));
  });
  server.on('secureConnection', (secure: Socket) => {
    const ends = endsOf(secure);
    const raw = handshakes.get(ends);
    if (raw === undefined) return; // its client is gone already, and what it has left has no address
    handshakes.delete(ends);
    rawOf.set(secure, raw);
    open.delete(raw);
    track(open, secure);
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    ports.counts.handshakeFailed(error.code);
  });
  // Only a raw socket can be reset; the one of TLS throws.
  const reset = (socket: Socket) => void (rawOf.get(socket)?.resetAndDestroy() ?? socket.destroy());
  return { open, reset };
}

/** What tells one connection from every other that is open: node names no raw socket of a secure one. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}

function trackSockets(server: Server, { limits, counts }: ConnectionPorts): Set<Socket> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => track(open, socket));
  server.on('drop', () => counts.connectionRefused());
  const every = limits.checkInterval;
  const sweep = setInterval(limitStalled, every, open, limits.idleTimeout).unref();
  server.on('close', () => clearInterval(sweep));
  return open;
}

function track(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  socket.once('close', () => open.delete(socket));
}
