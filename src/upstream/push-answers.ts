// SPDX-License-Identifier: Apache-2.0
import type { PushAnswer } from './push-client.ts';
import { parseRetryAfter } from './retry.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

/** https://distribution.github.io/distribution/spec/auth/scope/ */
export function scopeOfPush(repository: string): string {
  return `repository:${repository}:pull,push`;
}

export function refusedPush(answer: PushAnswer, url: URL): UpstreamError {
  const { status } = answer;
  const retryAfter = parseRetryAfter(answer.header('retry-after'), Date.now());
  return new UpstreamError('status', `${shownUrl(url)} answered ${status} to a push`, {
    status,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
