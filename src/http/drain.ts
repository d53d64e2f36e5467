// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** What draining needs of a server and its connections. */
export interface Drainable {
  /** Stops accepting and calls back when the last connection is closed. */
  close(closed: () => void): unknown;
  closeIdleConnections(): void;
}

export interface Connection {
  readonly bytesRead: number;
  destroy(): unknown;
}

export interface DrainTimes {
  /** For what is under way, in milliseconds; what is left then is destroyed. */
  readonly grace: number;
  /** Connections are still accepted and answered for so long, a part of `grace`. */
  readonly linger: number;
}

/** A connection is idle only when its answer is out, and node:http closes those that are so at this moment. */
const LOOK_EVERY = 50;

/**
 * Lets requests under way finish. The caller sees to it that from now on every answer says
 * `Connection: close`: while it lingers, that is how connections end. One that is closed by us at the moment
 * its client asks is a pull that fails.
 */
export async function drainServer(
  server: Drainable,
  connections: ReadonlySet<Connection>,
  { grace, linger }: DrainTimes,
): Promise<void> {
  const start = performance.now();
  const isWithin = (milliseconds: number) => performance.now() - start < milliseconds;
  while (connections.size > 0 && isWithin(Math.min(linger, grace))) await sleep(LOOK_EVERY);

  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      isClosed = true;
      resolve();
    });
  });
  while (!isClosed && isWithin(grace)) {
    closeIdle(server, connections);
    await Promise.race([closed, sleep(LOOK_EVERY)]);
  }
  for (const connection of connections) connection.destroy();
  await closed;
}

function closeIdle(server: Drainable, connections: ReadonlySet<Connection>): void {
  server.closeIdleConnections();
  // One that never sent a byte is no idle one to node:http, which waits for its first request.
  for (const connection of connections) {
    if (connection.bytesRead === 0) connection.destroy();
  }
}
