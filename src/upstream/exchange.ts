// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { type Authorization, unauthorized } from './authorization.ts';
import { type Hop, isRedirect, MOST_REDIRECTS, nextHop } from './redirect-policy.ts';
import type { Transport, WireAnswer, WireRequest } from './transport.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface ExchangePorts {
  readonly transport: Transport;
  readonly authorization: Authorization;
}

export interface ScopedRequest extends WireRequest {
  /** Of the token that this request may need. */
  readonly scope: string | undefined;
}

/** An answer that is neither a redirect nor a challenge, and where it came from in the end. */
export interface FinalAnswer {
  readonly answer: WireAnswer;
  readonly url: URL;
}

/** One request to the configured origin, with what it takes to be let in and to follow redirects. */
export async function exchange(request: ScopedRequest, ports: ExchangePorts): Promise<FinalAnswer> {
  let hop: Hop = { url: request.url, isHome: true };
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const { url, isHome } = hop;
    const answer = await (isHome ? sendHome : sendAway)({ ...request, url }, ports);
    if (!isRedirect(answer.status)) return { answer, url };
    await answer.discard();
    hop = nextHop(hop, answer.header('location'));
  }
  const message = `${shownUrl(request.url)} redirects more than ${MOST_REDIRECTS} times`;
  throw new UpstreamError('bad-answer', message);
}

/**
 * One request that is followed nowhere. A body that was read cannot be sent again: who sent it begins again, with
 * the token that there is then.
 */
export async function exchangeHome(
  request: ScopedRequest,
  ports: ExchangePorts,
): Promise<WireAnswer> {
  return sendHome(request, ports);
}

/** The only place that adds a credential to a request. */
async function sendHome(request: ScopedRequest, ports: ExchangePorts): Promise<WireAnswer> {
  const { transport, authorization } = ports;
  const { url, scope } = request;
  const sent = authorization.valueFor(scope);
  const first = await transport.send(withAuthorization(request, sent));
  if (first.status !== 401) return first;
  await first.discard();
  const challenges = first.header('www-authenticate');
  const value = await authorization.answer({ url, scope, sent, challenges });
  if (request.body instanceof Readable) {
    const message = `${shownUrl(url)} asked who we are in the middle of an upload`;
    throw new UpstreamError('unreachable', message, { status: 401 });
  }
  const second = await transport.send(withAuthorization(request, value));
  if (second.status !== 401) return second;
  await second.discard();
  throw unauthorized(url);
}

/** Another host may ask for credentials, but never gets any. */
async function sendAway(request: ScopedRequest, { transport }: ExchangePorts): Promise<WireAnswer> {
  const answer = await transport.send(request);
  if (answer.status !== 401) return answer;
  await answer.discard();
  throw unauthorized(request.url);
}

function withAuthorization(request: WireRequest, value: string | undefined): WireRequest {
  if (value === undefined) return request;
  return { ...request, headers: { ...request.headers, authorization: value } };
}
