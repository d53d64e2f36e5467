// SPDX-License-Identifier: Apache-2.0
import type { HttpRequest } from '../protocol/http.ts';
import type { UpstreamClient } from '../upstream/upstream-client.ts';

/** One fetch for a client: whom to ask, and how to say that it is over. */
export interface ProxyFetch {
  readonly client: UpstreamClient;
  /** Without the query. */
  readonly path: string;
  readonly request: HttpRequest;
  /** Aborted when the client goes, and when `over` was called. */
  readonly signal: AbortSignal;
  /** To be called when the body of the answer, if it is a stream, is at its end. */
  readonly over: () => void;
}
