// SPDX-License-Identifier: Apache-2.0
import { parseRetryAfter } from './retry.ts';
import type { WireAnswer } from './transport.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

/** An answer that is neither what was asked for nor its absence; with the wait it asks for, if it does. */
export function unexpectedStatus(
  { status, header }: Pick<WireAnswer, 'status' | 'header'>,
  url: URL,
  now: number,
): UpstreamError {
  const retryAfter = parseRetryAfter(header('retry-after'), now);
  return new UpstreamError('status', `${shownUrl(url)} answered ${status}`, {
    status,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
