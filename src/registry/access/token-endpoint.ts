// SPDX-License-Identifier: Apache-2.0
import { challengeText } from '../../core/access/challenge-text.ts';
import type { AccessRules } from '../../core/access/rules.ts';
import {
  asksCatalog,
  CATALOG_SCOPE,
  grantedScopes,
  parseScopes,
  scopeText,
} from '../../core/access/scope.ts';
import type { Address } from '../../core/net/address.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { parseRequestTarget } from '../../core/oci/request-target.ts';
import type { Handler, HttpAnswer, HttpRequest } from '../../protocol/http.ts';
import { checkedLogin, parseAuthorization } from './authorization.ts';
import { readForm } from './form.ts';
import type { Login, PasswordCheck } from './password-check.ts';
import type { TokenClaims, Tokens } from './tokens.ts';

/** Outside of `/v2/`, so that no repository can ever be called so. */
export const TOKEN_PATH = '/token';

export interface TokenEndpointPorts {
  readonly service: string;
  /** Those in force. */
  readonly rules: () => AccessRules;
  readonly passwords: PasswordCheck;
  readonly tokens: Tokens;
  readonly addressOf: (request: HttpRequest) => Address | undefined;
}

/** Who wants a token, and for what. */
interface TokenWish {
  readonly login: Login | undefined;
  readonly parameters: URLSearchParams;
}

/**
 * Hands out tokens for what rules allow: asking for more gets a token for less.
 * https://distribution.github.io/distribution/spec/auth/token/ and, for POST, …/auth/oauth/
 */
export function tokenEndpoint(ports: TokenEndpointPorts): Handler {
  return async (request) => {
    const target = parseRequestTarget(request.target);
    if (target?.path !== TOKEN_PATH) throw nothingHere();
    const { login, parameters } = await readWish(request, target.query, ports.service);
    checkService(parameters, ports.service);
    if (login !== undefined) await checkPassword(login, request, ports);
    const asked = parameters.getAll('scope').join(' ');
    const scopes = grantedScopes(ports.rules(), login?.name, parseScopes(asked));
    // For anybody: the list shows each what they may pull.
    const listsAll = asksCatalog(asked);
    return tokenAnswer({ user: login?.name, scopes, listsAll }, ports.tokens);
  };
}

function readWish(
  request: HttpRequest,
  query: string,
  service: string,
): TokenWish | Promise<TokenWish> {
  switch (request.method) {
    case 'GET':
      return { login: loginOf(request, service), parameters: new URLSearchParams(query) };
    case 'POST':
      return readPost(request, service);
    default:
      throw new RegistryError('UNSUPPORTED', 'tokens are asked for with GET or POST', {
        headers: ['Allow', 'GET, POST'],
      });
  }
}

function loginOf(request: HttpRequest, service: string): Login | undefined {
  const authorization = parseAuthorization(request.header('authorization'));
  switch (authorization.kind) {
    case 'none':
      return undefined;
    case 'basic':
      return authorization.login;
    case 'bearer':
    case 'malformed':
      throw wrongLogin(service);
  }
}

async function readPost(request: HttpRequest, service: string): Promise<TokenWish> {
  const parameters = await readForm(request);
  if (parameters.get('grant_type') !== 'password') {
    throw new RegistryError('UNSUPPORTED', 'grant_type is not "password"', { status: 400 });
  }
  const [name, password] = [parameters.get('username') ?? '', parameters.get('password') ?? ''];
  const login = checkedLogin(name, password);
  if (login === undefined) throw wrongLogin(service);
  return { login, parameters };
}

/** A token for another service would be sent there by whoever asks, and we cannot tell who that is. */
function checkService(parameters: URLSearchParams, service: string): void {
  if (parameters.getAll('service').every((name) => name === service)) return;
  throw new RegistryError('UNSUPPORTED', `this is not the service asked for: it is "${service}"`, {
    status: 400,
  });
}

async function checkPassword(
  login: Login,
  request: HttpRequest,
  { passwords, addressOf, service }: TokenEndpointPorts,
): Promise<void> {
  if (!(await passwords.isRight(login, addressOf(request)))) throw wrongLogin(service);
}

async function tokenAnswer(claims: TokenClaims, tokens: Tokens): Promise<HttpAnswer> {
  const { text, issuedAt, lifetime } = await tokens.issue(claims);
  const body = {
    token: text,
    access_token: text,
    expires_in: Math.floor(lifetime / 1_000),
    issued_at: new Date(issuedAt).toISOString(),
    scope: [...(claims.listsAll ? [CATALOG_SCOPE] : []), ...claims.scopes.map(scopeText)].join(' '),
  };
  return {
    status: 200,
    headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
    body: JSON.stringify(body),
    facts: { route: 'token', user: claims.user },
  };
}

function wrongLogin(service: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', 'wrong user name or password', {
    headers: ['WWW-Authenticate', challengeText({ realm: undefined, service })],
  });
}

function nothingHere(): RegistryError {
  return new RegistryError('UNSUPPORTED', 'there is nothing at this path', { status: 404 });
}
