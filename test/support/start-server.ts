// SPDX-License-Identifier: Apache-2.0
import { onTestFinished } from 'vitest';
import { type RunningServer, type ServerOptions, startServer } from '../../src/http/node-server.ts';
import { requestLog } from '../../src/http/request-log.ts';
import { openLog } from '../../src/log.ts';
import type { Handler } from '../../src/protocol/http.ts';

export interface TestServer extends RunningServer {
  readonly port: number;
  /** Every line logged so far, as JSON text. */
  readonly lines: readonly string[];
}

/** A server on loopback that logs every request, closed when the test is finished. */
export async function startTestServer(
  handler: Handler,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const lines: string[] = [];
  const log = openLog('info', (line) => lines.push(line));
  const server = await startServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    handler,
    log,
    requestLog: requestLog('test', 1, log),
    ...options,
  });
  onTestFinished(() => server.close());
  return { ...server, port: server.address.port, lines };
}
