// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Handler } from '../protocol/http.ts';
import { drainServer } from './drain.ts';
import { exchangeWith } from './exchange.ts';
import { limitStalled } from './idle-connections.ts';
import { DEFAULT_LIMITS, type ServerLimits } from './limits.ts';
import { CONNECT, refuseMalformed } from './malformed-request.ts';
import type { RequestLog } from './request-log.ts';
import type { SendPorts } from './send-answer.ts';
import { type ServerCounts, serverCounts } from './server-counts.ts';

export interface ServerOptions {
  /** `front`, `admin`: by which logs and metrics speak of it. */
  readonly name: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly handler: Handler;
  readonly log: Log;
  readonly limits?: Partial<ServerLimits>;
  /** Without it no request is logged, only failures. */
  readonly requestLog?: RequestLog | undefined;
  readonly metrics?: Metrics | undefined;
}

export interface RunningServer {
  readonly address: { readonly host: string; readonly port: number };
  /** Without a trailing slash; loopback when it listens on every address. */
  readonly url: string;
  /** Finishes what is under way, for `graceMs` at most, and closes. Asked again, waits for the first. */
  drain(graceMs: number): Promise<void>;
  /** Closes at once, whatever is under way. */
  close(): Promise<void>;
}

/** The address cannot be listened on: taken, forbidden or not of this machine. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(name: string, at: string, cause: NodeJS.ErrnoException) {
    super(`cannot listen on "${at}" for "${name}"`, { cause });
    this.code = cause.code ?? 'UNKNOWN';
  }
}

/**
 * The server edge, and the only file that knows node:http.
 *
 * @throws ListenError
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const connections = new Set<Socket>();
  const counts = serverCounts(options.name, options.metrics, () => connections.size);
  let isDraining = false;
  let stopped: Promise<void> | undefined;

  const server = configuredServer(limits);
  trackConnections(server, { connections, counts, limits });
  answerRequests(server, options.handler, {
    limits,
    log: options.log,
    requestLog: options.requestLog,
    counts,
    isDraining: () => isDraining,
    answered: new WeakSet(),
  });
  const { address: host, port } = await listen(server, options);

  function stop(grace: number, linger: number): Promise<void> {
    isDraining = true;
    stopped ??= drainServer(server, connections, { grace, linger });
    return stopped;
  }
  return {
    address: { host, port },
    url: urlOf(host, port),
    drain: (graceMs) => stop(graceMs, limits.drainLinger),
    close() {
      for (const connection of connections) connection.destroy();
      return stop(0, 0);
    },
  };
}

function configuredServer(limits: ServerLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: limits.checkInterval,
    maxHeaderSize: limits.maxHeaderSize,
    // Stated, so that no option of the command line or NODE_OPTIONS loosens the parser.
    insecureHTTPParser: false,
    requireHostHeader: true,
    // Else a second `Authorization`, say, would be dropped without a word.
    joinDuplicateHeaders: true,
    // No stream machinery for requests without a body.
    optimizeEmptyRequests: true,
  });
  server.maxConnections = limits.maxConnections;
  // Not in the types yet. One too many would else go from worker to worker, and keep all of them busy with it.
  Object.assign(server, { dropMaxConnection: true });
  // Beyond 2000 header lines node:http would drop the rest; `maxHeaderSize` refuses them instead.
  server.maxHeadersCount = 0;
  return server;
}

interface Tracking {
  readonly connections: Set<Socket>;
  readonly counts: ServerCounts;
  readonly limits: ServerLimits;
}

function trackConnections(server: Server, { connections, counts, limits }: Tracking): void {
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('drop', () => counts.connectionRefused());
  const every = limits.checkInterval;
  const sweep = setInterval(limitStalled, every, connections, limits.idleTimeout).unref();
  server.on('close', () => clearInterval(sweep));
}

function answerRequests(server: Server, handler: Handler, ports: SendPorts): void {
  const exchange = exchangeWith(handler, ports);
  server.on('request', (message, response) => exchange(message, response, false));
  // With this listener `100 Continue` is ours to send: when the handler reads the body, not before.
  server.on('checkContinue', (message, response) => exchange(message, response, true));
  server.on('connect', (_, socket) => refuseMalformed(CONNECT, socket, ports));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (ports.answered.has(socket)) socket.destroy();
    else refuseMalformed(error.code, socket, ports);
  });
}

function listen(server: Server, { name, host, port }: ServerOptions): Promise<AddressInfo> {
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

function urlOf(host: string, port: number): string {
  if (host === '::' || host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}
