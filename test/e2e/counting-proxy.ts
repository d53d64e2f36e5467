// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, request } from 'node:http';

/** Stands in front of a server and writes down what is asked of it. */
export interface CountingProxy {
  readonly url: string;
  /** Method and target of each request since the last time this was asked. */
  take(): readonly string[];
  close(): void;
}

/** The Host header goes on as it came: signatures are made over it. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const seen: string[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer((asked, answer) => {
    const { method = '', url = '', rawHeaders } = asked;
    seen.push(`${method} ${url}`);
    const options = { hostname, port, method, path: url, headers: rawHeaders };
    const forwarded = request(options, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.rawHeaders);
      got.pipe(answer);
    });
    forwarded.on('error', () => answer.destroy());
    asked.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const own = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${own}`,
    take: () => seen.splice(0),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
