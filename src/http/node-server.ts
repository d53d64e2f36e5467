// SPDX-License-Identifier: Apache-2.0
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Handler } from '../protocol/http.ts';
import {
  type ConnectionPorts,
  type Connections,
  trackConnections,
  trackSecureConnections,
} from './connections.ts';
import { drainServer } from './drain.ts';
import { exchangeWith } from './exchange.ts';
import { DEFAULT_LIMITS, type ServerLimits } from './limits.ts';
import { listen, urlOf } from './listen.ts';
import { CONNECT, refuseMalformed } from './malformed-request.ts';
import type { RequestLog } from './request-log.ts';
import type { SendPorts } from './send-answer.ts';
import { serverCounts } from './server-counts.ts';
import { contextOptions, type TlsMaterial } from './tls-material.ts';

/**
 * Not imported: an import reads every name of the module, and behind WebSocket lies a client of its own, which would
 * take 15 MiB and a tenth of the time to start.
 */
const { createServer } = process.getBuiltinModule('node:http');

export interface ServerOptions {
  /** `front`, `admin`: by which logs and metrics speak of it. */
  readonly name: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly handler: Handler;
  /** Without it the server speaks plain HTTP. */
  readonly tls?: TlsMaterial | undefined;
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
  /** Another certificate for connections to come; those that are open keep theirs. Nothing to a server without TLS. */
  readonly useTls: (next: TlsMaterial) => void;
  /** Finishes what is under way, for `graceMs` at most, and closes. Asked again, waits for the first. */
  drain(graceMs: number): Promise<void>;
  /** Closes at once, whatever is under way. */
  close(): Promise<void>;
}

/**
 * The server edge, and the only file that knows node:http.
 *
 * @throws ListenError
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const counts = serverCounts(options.name, options.metrics, () => connections.open.size);
  let isDraining = false;
  let stopped: Promise<void> | undefined;

  const { server, scheme, track, useTls } = await openListener(options.tls, limits);
  const connections = track({ limits, counts });
  answerRequests(server, options.handler, {
    limits,
    log: options.log,
    requestLog: options.requestLog,
    counts,
    isDraining: () => isDraining,
    answered: new WeakSet(),
    connections,
  });
  const at = await listen(server, options);

  function stop(grace: number, linger: number): Promise<void> {
    isDraining = true;
    stopped ??= drainServer(server, connections.open, { grace, linger });
    return stopped;
  }
  return {
    address: { host: at.address, port: at.port },
    url: urlOf(scheme, at),
    useTls,
    drain: (graceMs) => stop(graceMs, limits.drainLinger),
    close() {
      for (const connection of connections.open) connection.destroy();
      return stop(0, 0);
    },
  };
}

/** What differs with TLS and without. */
interface Listener {
  readonly server: Server;
  readonly scheme: 'http' | 'https';
  readonly track: (ports: ConnectionPorts) => Connections;
  readonly useTls: RunningServer['useTls'];
}

async function openListener(tls: TlsMaterial | undefined, limits: ServerLimits): Promise<Listener> {
  if (tls === undefined) {
    const server = limited(createServer(optionsOf(limits)), limits);
    return {
      server,
      scheme: 'http',
      track: (ports) => trackConnections(server, ports),
      useTls() {},
    };
  }
  // Loading it takes longer than loading node:http, and most fronts stand behind a balancer that speaks TLS.
  const { createServer: createSecureServer } = await import('node:https');
  const server = createSecureServer({
    ...optionsOf(limits),
    ...contextOptions(tls),
    handshakeTimeout: limits.handshakeTimeout,
    ALPNProtocols: ['http/1.1'],
  });
  return {
    server: limited(server, limits),
    scheme: 'https',
    track: (ports) => trackSecureConnections(server, ports),
    useTls: (next) => server.setSecureContext(contextOptions(next)),
  };
}

function optionsOf(limits: ServerLimits) {
  return {
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
  };
}

function limited(server: Server, limits: ServerLimits): Server {
  server.maxConnections = limits.maxConnections;
  // Not in the types yet. One too many would else go from worker to worker, and keep all of them busy with it.
  Object.assign(server, { dropMaxConnection: true });
  // Beyond 2000 header lines node:http would drop the rest; `maxHeaderSize` refuses them instead.
  server.maxHeadersCount = 0;
  return server;
}

function answerRequests(server: Server, handler: Handler, ports: SendPorts): void {
  const exchange = exchangeWith(handler, ports);
  server.on('request', (message, response) => exchange(message, response, false));
  // With this listener `100 Continue` is ours to send: when the handler reads the body, not before.
  server.on('checkContinue', (message, response) => exchange(message, response, true));
  server.on('connect', (_, socket) => refuseMalformed(CONNECT, socket, ports));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isSpoken = socket instanceof Socket && ports.connections.open.has(socket);
    // Before TLS is agreed on, an answer in plain text would say nothing to the client.
    if (!isSpoken || ports.answered.has(socket)) socket.destroy();
    else refuseMalformed(error.code, socket, ports);
  });
}
