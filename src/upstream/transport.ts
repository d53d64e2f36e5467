// SPDX-License-Identifier: Apache-2.0
import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { guardedConnector, guardedLookup } from './guarded-connect.ts';
import { upstreamError } from './transport-error.ts';

/** Milliseconds, but for `connections`. */
export interface TransportLimits {
  readonly connect: number;
  /** Until the headers of an answer are there. */
  readonly headers: number;
  /** Between two pieces of a body. */
  readonly idle: number;
  /** Connections kept to one host. */
  readonly connections: number;
}

export interface WireRequest {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  /** One that is read once has its length in the headers. */
  readonly body?: string | Uint8Array | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One answer, whatever its status. Its body has to be read or discarded, or the connection stays taken. */
export interface WireAnswer {
  readonly status: number;
  /** All lines of a header, joined with `, `; `name` in lower case. */
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  discard(): Promise<void>;
}

/** Sends one request and follows nothing. Fails with an UpstreamError. */
export interface Transport {
  send(request: WireRequest): Promise<WireAnswer>;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly limits: TransportLimits;
  /** Whether an address is written in the configuration: only then may it be private. */
  readonly isConfigured: (url: URL) => boolean;
  readonly lookup?: LookupFunction;
}

interface Agents {
  readonly configured: Agent;
  readonly learnt: Agent;
}

export function openTransport(options: TransportOptions): Transport {
  // Loaded with the first request: the library takes longer to load than the rest of the front to start.
  let agents: Promise<Agents> | undefined;
  return {
    async send(request) {
      agents ??= openAgents(options);
      const { configured, learnt } = await agents;
      const agent = options.isConfigured(request.url) ? configured : learnt;
      try {
        return wireAnswer(request, await agent.request(wireOptions(request)));
      } catch (error) {
        throw upstreamError(error, request);
      }
    },
    async close() {
      const opened = await agents;
      await Promise.all([opened?.configured.destroy(), opened?.learnt.destroy()]);
    },
  };
}

async function openAgents({ limits, lookup = resolve }: TransportOptions): Promise<Agents> {
  const { Agent, buildConnector } = await import('undici');
  const { connections, connect: timeout, headers: headersTimeout, idle: bodyTimeout } = limits;
  // HTTP/1.1 only: blobs gain nothing from sharing a connection.
  const open = buildConnector({ timeout, allowH2: false, lookup });
  const guarded = buildConnector({ timeout, allowH2: false, lookup: guardedLookup(lookup) });
  const agent = (connect: typeof open) =>
    new Agent({ connections, connect, headersTimeout, bodyTimeout });
  return { configured: agent(open), learnt: agent(guardedConnector(guarded)) };
}

function wireOptions(request: WireRequest): Dispatcher.RequestOptions {
  const { url, method, headers, body = null, signal } = request;
  const path = url.pathname + url.search;
  return {
    origin: url.origin,
    path,
    method,
    headers: { ...headers },
    body,
    signal: signal ?? null,
  };
}

/** What is left of a body nobody wants: read to its end to keep the connection, when that is cheap. */
const CHEAP = { bytes: 65_536, milliseconds: 1_000 };

function wireAnswer(request: WireRequest, answer: Dispatcher.ResponseData<unknown>): WireAnswer {
  const { statusCode, headers, body } = answer;
  return {
    status: statusCode,
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: piecesOf(body, request),
    async discard() {
      const signal = AbortSignal.timeout(CHEAP.milliseconds);
      // That it broke or took too long is no news: the answer is not wanted.
      await body.dump({ limit: CHEAP.bytes, signal }).catch(() => undefined);
    },
  };
}

async function* piecesOf(
  body: AsyncIterable<Uint8Array>,
  request: WireRequest,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw upstreamError(error, request);
  }
}
