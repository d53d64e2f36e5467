// SPDX-License-Identifier: Apache-2.0

/** Header names and values in turn, `[name, value, name, value]`: the form node:http writes as it is. */
export type HeaderList = readonly string[];

/** What one line of the request log says beyond method, status and time. Never a client address. */
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** One request as a handler sees it: no socket, no parser. */
export interface HttpRequest {
  readonly method: string;
  /** The request target as it arrived, not decoded: `/v2/a/tags/list?n=1`. */
  readonly target: string;
  /** All lines of a header, joined with `, `; `name` in lower case. */
  header(name: string): string | undefined;
  /** The address of the peer's end of the connection, as the socket reports it. */
  readonly peer: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborted when the client goes away or the request's time is up. */
  readonly signal: AbortSignal;
  /** Ours, by which log and audit lines find each other; undefined where no server made the request. */
  readonly id?: string;
  /** Says something about the request for its line in the log, whatever it ends in. Facts of the answer go before it. */
  note?(facts: LogFacts): void;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  /** A body of known length is sent with `Content-Length`; for an iterable the handler sets it, or it is chunked. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly facts?: LogFacts;
}

/**
 * Answers one request. A synchronous answer costs no promise. To refuse, throw a
 * RegistryError; anything else thrown becomes a 500 that reveals a request id only.
 */
export type Handler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;
