// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import { type Challenge, parseChallenges } from '../core/oci/challenge.ts';
import type { Log } from '../log.ts';
import { parseToken, type TokenPolicy, tokenRequest } from './bearer-token.ts';
import { readBounded } from './bounded-body.ts';
import type { Transport } from './transport.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Asked each time a challenge has to be answered, so that a rotated secret is picked up. */
export type CredentialProvider = () => Promise<Credentials | undefined>;

export interface AuthorizationPorts {
  readonly transport: Transport;
  readonly credentials: CredentialProvider;
  readonly now: () => number;
  readonly log: Log;
}

/** A request that was answered 401. */
export interface Refusal {
  readonly url: URL;
  readonly scope: string | undefined;
  /** The `Authorization` it was sent with. */
  readonly sent: string | undefined;
  /** The `WWW-Authenticate` of the answer. */
  readonly challenges: string | undefined;
}

/** The values of `Authorization` for one origin. Nothing is sent before the origin asked for it. */
export interface Authorization {
  /** What is known to be asked for. */
  valueFor(scope: string | undefined): string | undefined;
  /** What to try after a 401; fails with `unauthorized` when there is nothing more to try. */
  answer(refusal: Refusal): Promise<string>;
}

const MOST_TOKENS = 1_000;
const TOKEN_BYTES = 65_536;
/** Milliseconds. A token is renewed before it is over: the clocks may differ, and the request takes its time. */
const MARGIN = 10_000;
const DEADLINE = 30_000;

interface KeptToken {
  readonly value: string;
  readonly until: number;
}

export function openAuthorization(policy: TokenPolicy, ports: AuthorizationPorts): Authorization {
  const tokens = new LRUCache<string, KeptToken>({ max: MOST_TOKENS });
  const underWay = new Map<string, Promise<string>>();
  let basic: string | undefined;

  async function fetchToken(challenge: Challenge, scope: string | undefined): Promise<string> {
    const { text, lifetime } = await requestToken({ challenge, scope }, policy, ports);
    const value = `Bearer ${text}`;
    tokens.set(scope ?? '', { value, until: ports.now() + lifetime - MARGIN });
    return value;
  }

  /** However many requests wait for the same token, it is asked for once. */
  function renewToken(challenge: Challenge, scope: string | undefined): Promise<string> {
    const key = scope ?? '';
    const running = underWay.get(key);
    if (running !== undefined) return running;
    const renewed = fetchToken(challenge, scope).finally(() => underWay.delete(key));
    underWay.set(key, renewed);
    return renewed;
  }

  return {
    valueFor(scope) {
      const token = tokens.get(scope ?? '');
      return token !== undefined && ports.now() < token.until ? token.value : basic;
    },
    async answer({ url, scope, sent, challenges }) {
      const offered = parseChallenges(challenges ?? '') ?? [];
      const bearer = offered.find(({ scheme }) => scheme === 'bearer');
      if (bearer !== undefined) {
        // Somebody else may have renewed it while this request was on its way.
        const current = tokens.get(scope ?? '');
        if (current !== undefined && current.value !== sent && ports.now() < current.until) {
          return current.value;
        }
        return renewToken(bearer, scope);
      }
      const known = await ports.credentials();
      const isBasicOffered = offered.some(({ scheme }) => scheme === 'basic');
      const value = known !== undefined && isBasicOffered ? basicValue(known) : undefined;
      if (value === undefined || value === sent) throw unauthorized(url);
      basic = value;
      return value;
    },
  };
}

async function requestToken(
  { challenge, scope }: { readonly challenge: Challenge; readonly scope: string | undefined },
  policy: TokenPolicy,
  { transport, credentials, log }: AuthorizationPorts,
) {
  const { url, mayHaveCredentials } = tokenRequest(challenge, scope, policy);
  const known = await credentials();
  if (known !== undefined && !mayHaveCredentials) {
    log.warn('credentials-withheld', { upstream: policy.home.origin, realm: url.host });
  }
  const authorization = known !== undefined && mayHaveCredentials ? basicValue(known) : undefined;
  const signal = AbortSignal.timeout(DEADLINE);
  const headers = { accept: 'application/json', ...(authorization && { authorization }) };
  const answer = await transport.send({ url, method: 'GET', headers, signal });
  if (answer.status !== 200) {
    await answer.discard();
    throw tokenRefused(url, answer.status);
  }
  const token = parseToken(await readBounded(answer, { url, maxBytes: TOKEN_BYTES }));
  if (token === undefined) {
    throw new UpstreamError('bad-answer', `${shownUrl(url)} answered without a usable token`);
  }
  return token;
}

function basicValue({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** A redirect is a refusal too: it is not followed, because the next host would be asked for a token to this one. */
function tokenRefused(url: URL, status: number): UpstreamError {
  const isRefusal = status === 401 || status === 403;
  return new UpstreamError(
    isRefusal ? 'unauthorized' : 'status',
    `${shownUrl(url)} gave no token (${status})${isRefusal ? ': check the credentials' : ''}`,
    { status },
  );
}

export function unauthorized(url: URL): UpstreamError {
  const message = `${shownUrl(url)} refused access: check the credentials configured for this upstream`;
  return new UpstreamError('unauthorized', message, { status: 401 });
}
