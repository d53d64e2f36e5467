// SPDX-License-Identifier: Apache-2.0
import { parseChallenges } from '../core/oci/challenge.ts';
import type { TokenPolicy } from './bearer-token.ts';
import { openTokenStore, type TokenPorts } from './token-store.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Asked each time a challenge has to be answered, so that a rotated secret is picked up. */
export type CredentialProvider = () => Promise<Credentials | undefined>;

export interface AuthorizationPorts extends Omit<TokenPorts, 'basicValue'> {
  readonly credentials: CredentialProvider;
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

export function openAuthorization(policy: TokenPolicy, ports: AuthorizationPorts): Authorization {
  const basicValue = async () => {
    const known = await ports.credentials();
    return known === undefined ? undefined : encodeBasic(known);
  };
  const tokens = openTokenStore(policy, { ...ports, basicValue });
  let basic: string | undefined;
  return {
    valueFor: (scope) => tokens.current(scope) ?? basic,
    async answer({ url, scope, sent, challenges }) {
      const offered = parseChallenges(challenges ?? '') ?? [];
      const bearer = offered.find(({ scheme }) => scheme === 'bearer');
      if (bearer !== undefined) {
        // Another request may have renewed it while this one was on its way.
        const current = tokens.current(scope);
        return current === undefined || current === sent ? tokens.renew(bearer, scope) : current;
      }
      const isBasicOffered = offered.some(({ scheme }) => scheme === 'basic');
      const value = isBasicOffered ? await basicValue() : undefined;
      if (value === undefined || value === sent) throw unauthorized(url);
      basic = value;
      return value;
    },
  };
}

function encodeBasic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export function unauthorized(url: URL): UpstreamError {
  const message = `${shownUrl(url)} refused access: check the credentials configured for this upstream`;
  return new UpstreamError('unauthorized', message, { status: 401 });
}
