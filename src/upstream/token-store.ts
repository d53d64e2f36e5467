// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { Challenge } from '../core/oci/challenge.ts';
import type { Log } from '../log.ts';
import { parseToken, type Token, type TokenPolicy, tokenRequest } from './bearer-token.ts';
import { readBounded } from './bounded-body.ts';
import {
  basicValue,
  type CredentialProvider,
  type Credentials,
} from './credentials/credentials.ts';
import type { Transport, WireRequest } from './transport.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface TokenPorts {
  readonly transport: Transport;
  /** What a trusted realm is asked with, if there is something. */
  readonly credentials: CredentialProvider;
  readonly now: () => number;
  readonly log: Log;
}

/** Values of `Authorization`, one for each scope; a request without a scope has one of its own. */
export interface TokenStore {
  current(scope: string | undefined): string | undefined;
  /** However many requests wait for the same token, it is asked for once. */
  renew(challenge: Challenge, scope: string | undefined): Promise<string>;
}

const MOST_TOKENS = 1_000;
const TOKEN_BYTES = 65_536;
/** Milliseconds. A token is renewed before it is over: the clocks may differ, and the request takes its time. */
const MARGIN = 10_000;
const DEADLINE = 30_000;

export function openTokenStore(policy: TokenPolicy, ports: TokenPorts): TokenStore {
  const tokens = new LRUCache<string, { readonly value: string; readonly until: number }>({
    max: MOST_TOKENS,
  });
  const underWay = new Map<string, Promise<string>>();

  async function fetchToken(challenge: Challenge, scope: string | undefined): Promise<string> {
    const { text, lifetime } = await requestToken({ challenge, scope }, policy, ports);
    const value = `Bearer ${text}`;
    tokens.set(scope ?? '', { value, until: ports.now() + lifetime - MARGIN });
    return value;
  }

  return {
    current(scope) {
      const token = tokens.get(scope ?? '');
      return token !== undefined && ports.now() < token.until ? token.value : undefined;
    },
    renew(challenge, scope) {
      const key = scope ?? '';
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const renewed = fetchToken(challenge, scope).finally(() => underWay.delete(key));
      underWay.set(key, renewed);
      return renewed;
    },
  };
}

async function requestToken(
  { challenge, scope }: { readonly challenge: Challenge; readonly scope: string | undefined },
  policy: TokenPolicy,
  { transport, credentials, log }: TokenPorts,
): Promise<Token> {
  const { url, mayHaveCredentials } = tokenRequest(challenge, scope, policy);
  const known = await credentials();
  if (known !== undefined && !mayHaveCredentials) {
    log.warn('credentials-withheld', { upstream: policy.home.origin, realm: url.host });
  }
  // Others may wait for this token too, so no request's own signal ends it.
  const signal = AbortSignal.timeout(DEADLINE);
  const answer = await transport.send({
    ...tokenQuestion(url, mayHaveCredentials ? known : undefined),
    signal,
  });
  if (answer.status !== 200) {
    await answer.discard();
    throw tokenRefused(url, answer.status);
  }
  const token = parseToken(await readBounded(answer, { url, maxBytes: TOKEN_BYTES }));
  if (token !== undefined) return token;
  throw new UpstreamError('bad-answer', `${shownUrl(url)} answered without a usable token`);
}

const ACCEPT = { accept: 'application/json' };

function tokenQuestion(url: URL, known: Credentials | undefined): WireRequest {
  if (known?.kind === 'identity-token') return exchangeQuestion(url, known.token);
  // A token for the registry itself says nothing to anybody else.
  const authorization = known && known.kind !== 'registry-token' && basicValue(known);
  return { url, method: 'GET', headers: { ...ACCEPT, ...(authorization && { authorization }) } };
}

/** https://distribution.github.io/distribution/spec/auth/oauth/ */
function exchangeQuestion(asked: URL, token: string): WireRequest {
  const url = new URL(asked);
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'archeion' });
  for (const key of ['service', 'scope']) {
    const values = url.searchParams.getAll(key);
    if (values.length > 0) form.set(key, values.join(' '));
    url.searchParams.delete(key);
  }
  form.set('refresh_token', token);
  const headers = { ...ACCEPT, 'content-type': 'application/x-www-form-urlencoded' };
  return { url, method: 'POST', headers, body: form.toString() };
}

/** A redirect is a refusal too: it is not followed, because the next host would be asked for a token to this one. */
function tokenRefused(url: URL, status: number): UpstreamError {
  const isRefusal = status === 401 || status === 403;
  const advice = isRefusal ? ': check the credentials configured for this upstream' : '';
  const message = `${shownUrl(url)} gave no token (${status})${advice}`;
  return new UpstreamError(isRefusal ? 'unauthorized' : 'status', message, { status });
}
