// SPDX-License-Identifier: Apache-2.0
import type { RequestSeen } from '../core/doctor/observation.ts';
import { parseChallenges } from '../core/oci/challenge.ts';
import { parseToken, type TokenRequest, tokenRequest } from '../upstream/bearer-token.ts';
import { readBounded } from '../upstream/bounded-body.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { follow } from './follow.ts';
import type { StepPorts } from './take-step.ts';

export interface TokenTrial {
  readonly request: RequestSeen;
  /** The value of `Authorization`; it is sent to the origin, and shown to nobody. */
  readonly authorization?: string;
}

const TOKEN_BYTES = 65_536;

/**
 * Asks for a token as a client without a login does. Undefined when the challenge offers none.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export async function tryAnonymousToken(
  challenges: string,
  { origin, scope }: { readonly origin: URL; readonly scope: string },
  ports: StepPorts,
): Promise<TokenTrial | undefined> {
  const offered = parseChallenges(challenges) ?? [];
  const bearer = offered.find(({ scheme }) => scheme === 'bearer');
  if (bearer === undefined) return undefined;
  const realm = URL.parse(bearer.parameters.get('realm') ?? '');
  // No secret is sent, so plain HTTP may be asked for a token to plain HTTP.
  const tokenHosts = origin.protocol === 'http:' && realm !== null ? [realm.host] : [];
  const asked = requestOrProblem(() => tokenRequest(bearer, scope, { home: origin, tokenHosts }));
  if (asked === undefined) return { request: badRealm(origin) };
  let authorization: string | undefined;
  const followed = await follow(
    {
      url: asked.url,
      method: 'GET',
      headers: { accept: 'application/json' },
      async read(answer, url) {
        const token = parseToken(await readBounded(answer, { url, maxBytes: TOKEN_BYTES }));
        if (token !== undefined) authorization = `Bearer ${token.text}`;
        const problem = token === undefined ? { problem: 'there is no usable token in it' } : {};
        return { body: { kind: 'json' }, ...problem };
      },
    },
    ports,
  );
  const request = { kind: 'token', reference: '', hadToken: false, ...followed } as const;
  return authorization === undefined ? { request } : { request, authorization };
}

function requestOrProblem(make: () => TokenRequest): TokenRequest | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof UpstreamError) return undefined;
    throw error;
  }
}

/** A realm that no client should ask is a fault of whoever names it. */
function badRealm(origin: URL): RequestSeen {
  const outcome = { kind: 'failed', failure: 'bad-redirect', system: 'unusable realm' } as const;
  const hop = { url: `${origin.origin}/v2/`, host: origin.host, milliseconds: 0, outcome };
  return { kind: 'token', reference: '', hops: [hop], hadToken: false };
}
