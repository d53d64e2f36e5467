// SPDX-License-Identifier: Apache-2.0

/** What a client is told to do about a 401. */
export interface ChallengeParts {
  /** Where to get a token; undefined when we cannot say under which name we are reached. */
  readonly realm: string | undefined;
  readonly service: string;
  readonly scope?: string | undefined;
  /** RFC 6750 section 3.1. */
  readonly error?: 'invalid_token' | 'insufficient_scope' | undefined;
}

/**
 * The value of `WWW-Authenticate`. Without a realm it asks for the password itself, which every client can send.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export function challengeText({ realm, service, scope, error }: ChallengeParts): string {
  if (realm === undefined) return `Basic realm=${quoted(service)}, charset="UTF-8"`;
  const parameters = Object.entries({ realm, service, scope, error });
  const given = parameters.flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${quoted(value)}`,
  );
  return `Bearer ${given.join(',')}`;
}

/** Whatever it holds, it ends where it should: nothing but printable ASCII, and quotes that are escaped. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^ -~]/g, '').replaceAll(/["\\]/g, '\\$&')}"`;
}

const HOST = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Whether the text of a `Host` header is a host and perhaps a port, and nothing else that could end up in a URL. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}
