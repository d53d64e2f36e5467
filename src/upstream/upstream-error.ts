// SPDX-License-Identifier: Apache-2.0

export type UpstreamErrorCode =
  /** No connection, or it broke before the answer was whole. */
  | 'unreachable'
  | 'timeout'
  /** The caller did not want the answer any more. */
  | 'aborted'
  | 'unauthorized'
  /** A host that the upstream named, and that may not be asked: see `redirect-policy.ts` and `guarded-connect.ts`. */
  | 'forbidden-host'
  | 'too-large'
  | 'wrong-digest'
  /** Not a name, tag or digest: nothing was asked. */
  | 'invalid-reference'
  /** An answer that the protocol does not allow. */
  | 'bad-answer'
  /** A status that is neither success nor absence. */
  | 'status';

export interface UpstreamErrorOptions {
  /** Of the answer, where there was one. */
  readonly status?: number;
  /** Milliseconds the upstream asks to wait. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** A surprise of an upstream. Absence is a value. The message names what was asked, without query or credential. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly code: UpstreamErrorCode;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: UpstreamErrorCode, message: string, options: UpstreamErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/** An address as messages may show it: a query can be a signature that lets anybody in. */
export function shownUrl(url: URL): string {
  return `"${url.origin}${url.pathname}"`;
}
