// SPDX-License-Identifier: Apache-2.0
import { readBounded } from '../bounded-body.ts';
import type { Transport, WireRequest } from '../transport.ts';
import { shownUrl, UpstreamError } from '../upstream-error.ts';
import { decodeUtf8 } from '../utf8.ts';

const MOST_BYTES = 65_536;
const WITHIN = 30_000;

/**
 * Asks a service that hands out credentials. A redirect is a refusal, because it would have the next host see what
 * this one is asked; what the service says of a failure is never part of a message.
 *
 * @throws UpstreamError
 */
export async function askJson(
  transport: Transport,
  request: Omit<WireRequest, 'signal'>,
): Promise<unknown> {
  const { url } = request;
  const signal = AbortSignal.timeout(WITHIN);
  const answer = await transport.send({ ...request, signal });
  const { status } = answer;
  if (status !== 200) {
    await answer.discard();
    const message = `${shownUrl(url)} gave no credentials (${status})`;
    throw new UpstreamError('unauthorized', message, { status });
  }
  const bytes = await readBounded(answer, { url, maxBytes: MOST_BYTES });
  try {
    return JSON.parse(decodeUtf8(bytes) ?? '');
  } catch {
    throw noAnswer(url);
  }
}

export function noAnswer(url: URL): UpstreamError {
  return new UpstreamError('bad-answer', `${shownUrl(url)} answered without usable credentials`);
}
