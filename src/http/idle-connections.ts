// SPDX-License-Identifier: Apache-2.0

export interface WatchedConnection {
  /** The limit on inactivity in force, in milliseconds; 0 or undefined is none. */
  readonly timeout?: number | undefined;
  /** Bytes written that the client has not taken. */
  readonly writableLength: number;
  setTimeout(milliseconds: number): unknown;
}

/**
 * Puts a limit on connections whose client does not take its answers: node:http stops reading requests from
 * them, and would then keep them for ever. Its own `server.timeout` would do, but moves a timer twice for
 * every request, which costs the front 3 % of its rate; looking at all connections now and then costs nothing.
 */
export function limitStalled(connections: Iterable<WatchedConnection>, idleTimeout: number): void {
  for (const connection of connections) {
    if (connection.writableLength > 0) limitIdle(connection, idleTimeout);
  }
}

/** Without a byte moving for so long, the connection is destroyed. Ends with the answer: node:http then sets its own. */
export function limitIdle(connection: WatchedConnection, idleTimeout: number): void {
  if (connection.timeout === undefined || connection.timeout === 0) {
    connection.setTimeout(idleTimeout);
  }
}
