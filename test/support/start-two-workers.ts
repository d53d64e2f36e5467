// SPDX-License-Identifier: Apache-2.0
import cluster from 'node:cluster';
import { startServer } from '../../src/http/node-server.ts';
import { silentLog } from '../../src/log.ts';

/** Two workers of node:cluster on one port, each with room for two connections. Each prints the port. */
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const { address } = await startServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    handler: () => ({ status: 200, headers: [], body: 'answered\n' }),
    log: silentLog,
    limits: { maxConnections: 2 },
  });
  process.stdout.write(`${address.port}\n`);
}
