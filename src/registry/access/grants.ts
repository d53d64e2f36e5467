// SPDX-License-Identifier: Apache-2.0
import { ACTIONS, type Action, covers } from '../../core/access/action.ts';
import { type ChallengeParts, challengeText, isHost } from '../../core/access/challenge-text.ts';
import { type AccessRules, mayAnybodyPull, mayDo } from '../../core/access/rules.ts';
import {
  CATALOG_SCOPE,
  isMeant,
  type RepositoryScope,
  scopeText,
} from '../../core/access/scope.ts';
import { wantedBy } from '../../core/access/wanted-by.ts';
import type { Address } from '../../core/net/address.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { parseRegistryRoute } from '../../core/oci/registry-route.ts';
import { parseRequestTarget } from '../../core/oci/request-target.ts';
import type { HttpRequest } from '../../protocol/http.ts';
import type { Access, Grant, Wanted } from '../access.ts';
import { parseAuthorization } from './authorization.ts';
import type { Login, PasswordCheck } from './password-check.ts';
import { TOKEN_PATH } from './token-endpoint.ts';
import type { TokenClaims, Tokens } from './tokens.ts';
import type { UserList } from './users.ts';

export interface GrantPorts {
  /** Those in force. */
  readonly rules: () => AccessRules;
  readonly users: UserList;
  readonly passwords: PasswordCheck;
  readonly tokens: Tokens;
  readonly addressOf: (request: HttpRequest) => Address | undefined;
  readonly service: string;
  /** As configured. */
  readonly realm: string | undefined;
  readonly scheme: 'http' | 'https';
  readonly asksLogin: boolean;
}

type Complaint = Pick<ChallengeParts, 'scope' | 'error'> & { readonly message: string };

/** Who asks and what they may do, from what a request says of itself. */
export function grants(ports: GrantPorts): Pick<Access, 'grantOf' | 'refusal'> {
  const { rules, service } = ports;
  /** Where whoever asked can get a token: a refusal comes without the request. */
  const realms = new WeakMap<Grant, string | undefined>();

  function unauthorized(realm: string | undefined, { message, ...parts }: Complaint) {
    const challenge = challengeText({ realm, service, ...parts });
    return new RegistryError('UNAUTHORIZED', message, { headers: ['WWW-Authenticate', challenge] });
  }

  /** Asks the rules each time, so that a change of theirs counts for a request under way. */
  function grantFor(request: HttpRequest, claims: Partial<TokenClaims>): Grant {
    const { user, scopes } = claims;
    const grant: Grant = {
      name: user,
      may: (action, repository) =>
        (action === 'pull' && mayAnybodyPull(rules(), repository)) ||
        (isInScope(scopes, action, repository) && mayDo(rules(), { user, action, repository })),
      sees: mayList(claims, ports)
        ? (repository) => mayDo(rules(), { user, action: 'pull', repository })
        : undefined,
    };
    realms.set(grant, realmFor(request, ports));
    return grant;
  }

  async function identify(request: HttpRequest): Promise<Partial<TokenClaims> | Complaint> {
    const authorization = parseAuthorization(request.header('authorization'));
    switch (authorization.kind) {
      case 'none':
        return {};
      case 'malformed':
        return { message: 'malformed credentials' };
      case 'basic':
        return claimsOfLogin(authorization.login, request, ports);
      case 'bearer':
        return claimsOfToken(authorization.token, ports);
    }
  }

  return {
    async grantOf(request) {
      const found = await identify(request);
      if (!('message' in found)) return grantFor(request, found);
      const path = parseRequestTarget(request.target)?.path ?? '';
      throw unauthorized(realmFor(request, ports), {
        ...found,
        scope: scopeFor(request.method, path),
      });
    },

    refusal(grant, wanted) {
      const realm = realms.has(grant) ? realms.get(grant) : ports.realm;
      const user = grant.name;
      const scope = wanted === 'catalog' ? CATALOG_SCOPE : wanted && scopeText(wanted);
      if (user === undefined) return unauthorized(realm, { message: 'log in first', scope });
      if (wanted === 'catalog' || (wanted && isMoreAllowed(rules(), grant, wanted))) {
        const message = 'the token is not for this';
        return unauthorized(realm, { message, scope, error: 'insufficient_scope' });
      }
      return new RegistryError('DENIED', deniedMessage(grant, wanted));
    },
  };
}

async function claimsOfLogin(
  login: Login,
  request: HttpRequest,
  { passwords, addressOf }: GrantPorts,
): Promise<Partial<TokenClaims> | Complaint> {
  const isRight = await passwords.isRight(login, addressOf(request));
  return isRight ? { user: login.name } : { message: 'wrong user name or password' };
}

async function claimsOfToken(
  token: string,
  { tokens, users }: GrantPorts,
): Promise<TokenClaims | Complaint> {
  const claims = await tokens.claimsOf(token);
  // A token outlives neither its time nor its user.
  const isGood =
    claims !== undefined && (claims.user === undefined || (await users.current()).has(claims.user));
  if (isGood) return claims;
  return { message: 'the token is not good, or no longer', error: 'invalid_token' };
}

/** What a token has to be for, as far as the first line of a request tells. */
function scopeFor(method: string, path: string): string | undefined {
  if (parseRegistryRoute(path).kind === 'catalog') return CATALOG_SCOPE;
  const wanted = wantedBy(method, path);
  return wanted && scopeText(wanted);
}

/**
 * Whoever sends nothing where users log in is asked to: clients that have a password would take what anybody sees for
 * all there is. A token says itself whether it is for the list.
 */
function mayList({ user, scopes, listsAll }: Partial<TokenClaims>, { asksLogin }: GrantPorts) {
  if (scopes !== undefined) return listsAll === true;
  return user !== undefined || !asksLogin;
}

/** A login is good for everything its user may do; undefined stands for that. */
function isInScope(
  scopes: readonly RepositoryScope[] | undefined,
  action: Action,
  repository: string,
): boolean {
  if (scopes === undefined) return true;
  return scopes.some(
    (scope) => scope.repository === repository && covers(new Set(scope.actions), action),
  );
}

/** Whether another token would do more of what is wanted than this one does. */
function isMoreAllowed(rules: AccessRules, grant: Grant, { repository, actions }: Wanted): boolean {
  return ACTIONS.some(
    (action) =>
      isMeant(actions, action) &&
      !grant.may(action, repository) &&
      mayDo(rules, { user: grant.name, action, repository }),
  );
}

function deniedMessage(grant: Grant, wanted: Wanted | undefined): string {
  if (wanted === undefined) return `"${grant.name}" may not do this`;
  const { repository, actions } = wanted;
  const refused = actions.filter((action) => !grant.may(action, repository));
  return `"${grant.name}" may not ${refused.join(' and ')} in "${repository}"`;
}

/** The name that a client used for us goes back to this client only. */
function realmFor(
  request: HttpRequest,
  { realm, scheme }: Pick<GrantPorts, 'realm' | 'scheme'>,
): string | undefined {
  if (realm !== undefined) return realm;
  const host = request.header('host') ?? '';
  return isHost(host) ? `${scheme}://${host}${TOKEN_PATH}` : undefined;
}
