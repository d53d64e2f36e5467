// SPDX-License-Identifier: Apache-2.0
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface FailedRequest {
  readonly url: URL;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUTS = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];
const NO_HTTP = /^UND_ERR_(?:HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH|INVALID_ARG)$/;

/** The one place where the library's and Node's errors are understood. */
export function upstreamError(error: unknown, { url, signal }: FailedRequest): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const code = codeOf(error);
  const shown = shownUrl(url);
  if (TIMEOUTS.includes(code) || nameOf(signal?.reason) === 'TimeoutError') {
    return new UpstreamError('timeout', `${shown} did not answer in time`, { cause: error });
  }
  if (signal?.aborted) {
    return new UpstreamError('aborted', `gave up on ${shown}`, { cause: error });
  }
  // The parser's errors do not always have a code.
  if (NO_HTTP.test(code) || nameOf(error) === 'HTTPParserError') {
    const message = `${shown} does not answer in valid HTTP`;
    return new UpstreamError('bad-answer', message, { cause: error });
  }
  const message = `cannot reach ${shown} (${code || 'connection lost'}): check its address and the network`;
  return new UpstreamError('unreachable', message, { cause: error });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

function nameOf(reason: unknown): string | undefined {
  return reason instanceof Error ? reason.name : undefined;
}
