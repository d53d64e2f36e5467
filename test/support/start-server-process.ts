// SPDX-License-Identifier: Apache-2.0
import { startServer } from '../../src/http/node-server.ts';
import { silentLog } from '../../src/log.ts';

/** A server in a process of its own, for tests of what Node's command line changes. Prints its port. */
const { address } = await startServer({
  name: 'test',
  host: '127.0.0.1',
  port: 0,
  handler: () => ({ status: 200, headers: [], body: 'answered\n' }),
  log: silentLog,
});
process.stdout.write(`${address.port}\n`);
