// SPDX-License-Identifier: Apache-2.0

/** What one client may cost a server. Times in milliseconds, sizes in bytes. */
export interface ServerLimits {
  /** For agreeing on TLS, however its bytes trickle in. */
  readonly handshakeTimeout: number;
  /** For all header lines of a request, from the connection's first moment on: what stops a slowloris. */
  readonly headersTimeout: number;
  /** For a whole request, its body included; 0 is no limit, for servers that take uploads. */
  readonly requestTimeout: number;
  /** Without a byte moving in either direction while a request is under way. Longer than any handler thinks. */
  readonly idleTimeout: number;
  /** Between two requests. Longer than the balancers in front reuse a connection: theirs is usually 60 s. */
  readonly keepAliveTimeout: number;
  /** How often all connections are looked at for these, so how late they may be. */
  readonly checkInterval: number;
  /** Request line and header lines of one request. */
  readonly maxHeaderSize: number;
  /** Beyond it connections are closed as soon as they come. */
  readonly maxConnections: number;
  /** An answer of known length that the client has not taken by then is given up: it holds its whole body in memory. */
  readonly sendTimeout: number;
  /** What is read and thrown away of a body that the handler did not want, to keep the connection usable. */
  readonly unreadBody: number;
  readonly unreadBodyTimeout: number;
  /** While draining, connections are still served for so long: balancers learn late, and idle clients may be about to ask. */
  readonly drainLinger: number;
}

/** For servers that only answer GET and HEAD. */
export const DEFAULT_LIMITS: ServerLimits = {
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  idleTimeout: 60_000,
  keepAliveTimeout: 65_000,
  checkInterval: 1_000,
  maxHeaderSize: 16 * 1024,
  maxConnections: 10_000,
  sendTimeout: 120_000,
  unreadBody: 1024 * 1024,
  unreadBodyTimeout: 10_000,
  drainLinger: 1_000,
};

/** For servers that take uploads: a layer may be hours on its way, as long as it moves. */
export const UPLOAD_LIMITS: ServerLimits = {
  ...DEFAULT_LIMITS,
  requestTimeout: 0,
  idleTimeout: 300_000,
};
