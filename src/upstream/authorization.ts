// SPDX-License-Identifier: Apache-2.0
import { parseChallenges } from '../core/oci/challenge.ts';
import type { TokenPolicy } from './bearer-token.ts';
import { basicValue, type Credentials } from './credentials/credentials.ts';
import { openTokenStore, type TokenPorts } from './token-store.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

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

export function openAuthorization(policy: TokenPolicy, ports: TokenPorts): Authorization {
  const tokens = openTokenStore(policy, ports);
  let own: string | undefined;
  return {
    valueFor: (scope) => tokens.current(scope) ?? own,
    async answer({ url, scope, sent, challenges }) {
      const offered = parseChallenges(challenges ?? '') ?? [];
      const bearer = offered.find(({ scheme }) => scheme === 'bearer');
      // Another request may have renewed it while this one was on its way.
      const current = bearer && tokens.current(scope);
      if (current !== undefined && current !== sent) return current;
      const known = await ports.credentials();
      if (bearer !== undefined && known?.kind !== 'registry-token') {
        return tokens.renew(bearer, scope);
      }
      const isBasicOffered = offered.some(({ scheme }) => scheme === 'basic');
      const value = ownValue(known, isBasicOffered);
      if (value === undefined || value === sent) throw unauthorized(url);
      own = value;
      return value;
    },
  };
}

/** What the registry itself gets, without a token service in between. */
function ownValue(known: Credentials | undefined, isBasicOffered: boolean): string | undefined {
  if (known === undefined || known.kind === 'identity-token') return undefined;
  if (known.kind === 'registry-token') return `Bearer ${known.token}`;
  return isBasicOffered ? basicValue(known) : undefined;
}

export function unauthorized(url: URL): UpstreamError {
  const message = `${shownUrl(url)} refused access: check the credentials configured for this upstream`;
  return new UpstreamError('unauthorized', message, { status: 401 });
}
