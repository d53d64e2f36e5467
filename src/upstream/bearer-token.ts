// SPDX-License-Identifier: Apache-2.0
import type { Challenge } from '../core/oci/challenge.ts';
import { parseDocument } from '../core/oci/manifest-document.ts';
import { isToken } from './credentials/credentials.ts';
import { UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

/** Who may learn a credential: the configured origin, and token services that the configuration names. */
export interface TokenPolicy {
  readonly home: URL;
  /** `host` or `host:port` as in a URL, in lower case. */
  readonly tokenHosts: readonly string[];
}

export interface TokenRequest {
  readonly url: URL;
  /** Else the token is asked for anonymously. */
  readonly mayHaveCredentials: boolean;
}

/**
 * Where to ask for a token. The realm is what the upstream says, so it is not believed: it gets credentials
 * only when it is the origin itself or named in the configuration, and it is `https` unless the origin,
 * being `http` itself, has no secret to keep from the same listeners. The scope is what we need, not
 * what the challenge asks for: that could be a token for somebody else's repository.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export function tokenRequest(
  challenge: Challenge,
  scope: string | undefined,
  { home, tokenHosts }: TokenPolicy,
): TokenRequest {
  const url = URL.parse(challenge.parameters.get('realm') ?? '');
  if (url === null || url.username !== '' || url.password !== '') {
    throw new UpstreamError(
      'bad-answer',
      `"${home.origin}" asks for a token and names no usable realm`,
    );
  }
  const mayHaveCredentials = url.origin === home.origin || tokenHosts.includes(url.host);
  const isPlainAtHome = url.protocol === 'http:' && home.protocol === 'http:' && mayHaveCredentials;
  if (url.protocol !== 'https:' && !isPlainAtHome) {
    throw new UpstreamError(
      'forbidden-host',
      `refused to ask "${url.protocol}//${url.host}" for a token to "${home.origin}": the realm is not https`,
    );
  }
  const service = challenge.parameters.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== undefined) {
    url.searchParams.delete('scope');
    // Several at once, as a mount needs them, are as many parameters.
    for (const one of scope.split(' ')) url.searchParams.append('scope', one);
  }
  return { url, mayHaveCredentials };
}

export interface Token {
  readonly text: string;
  /** Milliseconds. */
  readonly lifetime: number;
}

/** Seconds: what the specification says when the answer does not, and the longest we believe. */
const LIFETIME = { default: 60, longest: 3_600 };

export function parseToken(bytes: Uint8Array): Token | undefined {
  const answer = parseDocument(decodeUtf8(bytes) ?? '');
  if (typeof answer === 'string') return undefined;
  const text = answer['token'] ?? answer['access_token'];
  if (typeof text !== 'string' || !isToken(text)) return undefined;
  const seconds = answer['expires_in'];
  const lifetime = typeof seconds === 'number' && seconds > 0 ? seconds : LIFETIME.default;
  return { text, lifetime: Math.min(lifetime, LIFETIME.longest) * 1_000 };
}
