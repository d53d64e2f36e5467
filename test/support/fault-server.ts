// SPDX-License-Identifier: Apache-2.0
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A backend or upstream that answers as a test says, and counts what it is asked. */
export interface FaultServer {
  readonly url: string;
  /** Method and path of each request so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export async function faultServer(answer: RequestListener): Promise<FaultServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** What can go wrong with a backend, by name. */
export const FAULTS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'never answers': () => {},
  'resets the connection': (response) => response.socket?.resetAndDestroy(),
  'closes without a word': (response) => response.socket?.destroy(),
  'answers no HTTP': (response) => response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'),
  'cuts its header off': (response) => response.socket?.end('HTTP/1.1 200 OK\r\nContent-Le'),
  'says it is empty': (response) => response.writeHead(200, { 'content-length': 0 }).end(),
  'answers 403': (response) => response.writeHead(403, { 'content-length': 243 }).end(),
  'answers 404': (response) => response.writeHead(404).end(),
  'answers 429': (response) => response.writeHead(429, { 'retry-after': '60' }).end(),
  'answers 500': (response) => response.writeHead(500).end(),
  'answers 503': (response) => response.writeHead(503).end(),
  'redirects elsewhere': (response) =>
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  'sends a header without end': (response) => {
    response.socket?.write(`HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(1_000_000)}`);
  },
};
