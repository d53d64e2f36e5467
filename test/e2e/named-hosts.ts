// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

export interface NamedHosts {
  /** For `HTTPS_PROXY`. */
  readonly url: string;
  /** Hosts, with their ports, in the order in which connections to them were wanted; to be emptied by the test. */
  readonly connected: string[];
  stop(): Promise<void>;
}

/**
 * A proxy that knows hosts by names that no name server has, each at a port on loopback, so that commands of the
 * documentation run as they stand there. Any other host is refused.
 */
export async function startNamedHosts(
  ports: Readonly<Record<string, number>>,
): Promise<NamedHosts> {
  const connected: string[] = [];
  const open = new Set<Duplex>();
  const server = createServer((_, answer) => answer.writeHead(405).end());
  server.on('connect', ({ url = '' }, client) => {
    connected.push(url);
    open.add(client.on('close', () => open.delete(client)));
    const port = ports[url];
    if (port === undefined) {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    connected,
    async stop() {
      for (const client of open) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
