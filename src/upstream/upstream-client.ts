// SPDX-License-Identifier: Apache-2.0
import type { LookupFunction } from 'node:net';
import type { Log } from '../log.ts';
import type { CredentialProvider } from './credentials/credentials.ts';
import type { HostCaps } from './host-limiter.ts';
import type { RetryLimits } from './retry.ts';
import type { Transport, TransportLimits } from './transport.ts';

/** Milliseconds, but for `connections` and `retries`. */
export interface UpstreamLimits extends TransportLimits, RetryLimits {
  /** For an answer that is read whole, from the request to its last byte. */
  readonly whole: number;
}

export const DEFAULT_LIMITS: UpstreamLimits = {
  connect: 5_000,
  headers: 15_000,
  idle: 30_000,
  whole: 60_000,
  connections: 32,
  retries: 2,
  backoff: 250,
  longestWait: 20_000,
};

export interface UpstreamOptions {
  /** Scheme, host and port, as configured: it may be private, and it alone gets the credentials. */
  readonly origin: string;
  readonly credentials?: CredentialProvider;
  /** Hosts (`host` or `host:port`) that may get the credentials in exchange for a token, such as `auth.docker.io`. */
  readonly tokenHosts?: readonly string[];
  /** What tokens are asked for; left out, to pull. */
  readonly actions?: 'pull' | 'pull,push';
  /** Hosts that the upstream may lead to although their addresses are private. */
  readonly allowPrivateHosts?: readonly string[];
  readonly limits?: Partial<UpstreamLimits>;
  /** Requests to one host at once, at most, and fewer when it does not bear them; left out, connections limit them. */
  readonly perHost?: number;
  /** Of each host, with `perHost`. */
  readonly hostCaps?: HostCaps | undefined;
  readonly log?: Log;
  readonly ports?: Partial<UpstreamPorts>;
}

/** The world outside, for tests to replace. */
export interface UpstreamPorts {
  readonly lookup: LookupFunction;
  readonly transport: Transport;
  readonly now: () => number;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
  readonly random: () => number;
}

export interface ReadOptions {
  readonly accept?: string;
  /** With its question mark, byte for byte. */
  readonly query?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface StreamOptions extends ReadOptions {
  /** The value of `Range`; the answer may be the whole all the same. */
  readonly range?: string | undefined;
}

export interface UpstreamHead {
  /** All lines of a header, joined with `, `; `name` in lower case. */
  header(name: string): string | undefined;
}

export interface UpstreamDocument extends UpstreamHead {
  readonly bytes: Uint8Array;
}

/** The body has to be read, to its end or until the reader leaves it, or the connection stays taken. */
export interface UpstreamStream extends UpstreamHead {
  /** 206 only when a range was asked for. */
  readonly status: 200 | 206;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Reads from one registry. A path is one of the distribution API, `/v2/…`; undefined means 404. Whatever
 * is neither 200 nor 404 fails with an UpstreamError, after what looked as if it would pass was tried again.
 */
export interface UpstreamClient {
  readonly origin: string;
  /** The bytes as they were sent, 4 MiB of them at most unless `maxBytes` says otherwise. */
  get(
    path: string,
    options?: ReadOptions & { readonly maxBytes?: number },
  ): Promise<UpstreamDocument | undefined>;
  stream(path: string, options?: StreamOptions): Promise<UpstreamStream | undefined>;
  head(path: string, options?: ReadOptions): Promise<UpstreamHead | undefined>;
  close(): Promise<void>;
}
