// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { ACTIONS } from '../../core/access/action.ts';
import type { RepositoryScope } from '../../core/access/scope.ts';
import { isObject } from '../../core/oci/json-object.ts';
import { isRepository } from '../../core/oci/repository.ts';
import { recentMap } from '../../core/recent-map.ts';
import type { TokenKey } from './token-key.ts';

/** What a token says: who it was given to, and what for. What its bearer may do is decided by the rules of today. */
export interface TokenClaims {
  /** Undefined for somebody who did not say. */
  readonly user: string | undefined;
  readonly scopes: readonly RepositoryScope[];
  /** Whether it is for the list of all repositories. */
  readonly listsAll: boolean;
}

export interface IssuedToken {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  /** Milliseconds. */
  readonly lifetime: number;
}

export interface TokenPorts {
  readonly key: TokenKey;
  /** Whom tokens are for: no other registry takes them, even with the same key. */
  readonly service: string;
  /** Milliseconds. */
  readonly lifetime: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Tokens {
  issue(claims: TokenClaims): Promise<IssuedToken>;
  /** Undefined for anything that we did not issue, or that is not good now. */
  claimsOf(text: string): Promise<TokenClaims | undefined>;
}

/** What this registry signs with, and all that it takes: a token has no say in how it is checked. */
const ALGORITHM = 'EdDSA';
const TYPE = 'JWT';
/** As it stands in a token. */
const CATALOG = { type: 'registry', name: 'catalog', actions: ['*'] };
/** Seconds by which the clocks of two replicas may differ. */
const TOLERANCE = 30;
const MOST_REMEMBERED = 1_024;

interface Checked {
  readonly claims: TokenClaims;
  /** Seconds since 1970. */
  readonly from: number;
  readonly until: number;
}

export function tokens({ key, service, lifetime, now }: TokenPorts): Tokens {
  const header = { alg: ALGORITHM, typ: TYPE, kid: key.id };
  const remembered = recentMap<string, Checked>(MOST_REMEMBERED);
  const seconds = () => Math.floor(now() / 1_000);

  async function verified(text: string): Promise<Checked | undefined> {
    const { errors, jwtVerify } = await import('jose'); // with the first token: most registries start with none
    try {
      const { payload, protectedHeader } = await jwtVerify(text, key.public, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: service,
        audience: service,
        requiredClaims: ['iat', 'nbf', 'exp', 'jti'],
        clockTolerance: TOLERANCE,
        currentDate: new Date(now()),
      });
      return isSame(protectedHeader, header) ? readPayload(payload) : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  return {
    async issue({ user, scopes, listsAll }) {
      const { SignJWT } = await import('jose');
      const issuedAt = seconds();
      const repositories = scopes.map(({ repository, actions }) => {
        return { type: 'repository', name: repository, actions };
      });
      const access = listsAll ? [CATALOG, ...repositories] : repositories;
      const text = await new SignJWT({ access, ...(user !== undefined && { sub: user }) })
        .setProtectedHeader(header)
        .setIssuer(service)
        .setAudience(service)
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setExpirationTime(issuedAt + Math.floor(lifetime / 1_000))
        .setJti(randomUUID())
        .sign(key.private);
      return { text, issuedAt: issuedAt * 1_000, lifetime };
    },

    async claimsOf(text) {
      const known = remembered.get(text);
      const time = seconds();
      if (known !== undefined) {
        const isGood = time >= known.from - TOLERANCE && time < known.until + TOLERANCE;
        return isGood ? known.claims : undefined;
      }
      const checked = await verified(text);
      if (checked !== undefined) remembered.set(text, checked);
      return checked?.claims;
    },
  };
}

/** Nothing else in it either: no `jwk`, `jku`, `x5u` or `crit` is ever ours. */
function isSame(found: object, expected: object): boolean {
  const entries = Object.entries(found);
  const wanted = new Map<string, unknown>(Object.entries(expected));
  return (
    entries.length === wanted.size && entries.every(([name, value]) => wanted.get(name) === value)
  );
}

function readPayload({ sub, nbf, exp, access }: JWTPayload): Checked | undefined {
  if (nbf === undefined || exp === undefined || !Array.isArray(access)) return undefined;
  const [first, ...rest] = access;
  const listsAll = isCatalog(first);
  const scopes = (listsAll ? rest : access).map(readScope);
  if (!scopes.every((scope) => scope !== undefined)) return undefined;
  return { claims: { user: sub, scopes, listsAll }, from: nbf, until: exp };
}

function isCatalog(entry: unknown): boolean {
  if (!isObject(entry)) return false;
  const { type, name, actions } = entry;
  return type === CATALOG.type && name === CATALOG.name && String(actions) === '*';
}

function readScope(entry: unknown): RepositoryScope | undefined {
  if (!isObject(entry) || entry['type'] !== 'repository') return undefined;
  const { name: repository, actions } = entry;
  if (typeof repository !== 'string' || !isRepository(repository)) return undefined;
  if (!Array.isArray(actions)) return undefined;
  return { repository, actions: ACTIONS.filter((action) => actions.includes(action)) };
}
