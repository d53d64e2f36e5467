// SPDX-License-Identifier: Apache-2.0
import type { HttpRequest } from '../protocol/http.ts';
import type { UpstreamClient } from '../upstream/upstream-client.ts';
import type { BodyWatch } from './lasting-body.ts';

/** One fetch for a client: whom to ask, and how to say that it is over. */
export interface ProxyFetch {
  readonly client: UpstreamClient;
  /** Without the query. */
  readonly path: string;
  readonly request: HttpRequest;
  /** Aborted when the client goes, and when the body is over. */
  readonly signal: AbortSignal;
  /** To be told of the body of the answer, if it is a stream. */
  readonly watch: BodyWatch;
}
