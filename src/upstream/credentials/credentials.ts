// SPDX-License-Identifier: Apache-2.0

/** What a registry or its token service is told, so that it knows who asks. */
export type Credentials = Password | IdentityToken | RegistryToken;

export interface Password {
  readonly kind?: 'password';
  readonly username: string;
  readonly password: string;
}

/** Exchanged for tokens at the token service; the registry itself never gets it. */
export interface IdentityToken {
  readonly kind: 'identity-token';
  readonly token: string;
}

/** What the registry itself takes; the token service never gets it. */
export interface RegistryToken {
  readonly kind: 'registry-token';
  readonly token: string;
}

/** Asked each time a challenge has to be answered, so that a rotated secret is picked up. */
export type CredentialProvider = () => Promise<Credentials | undefined>;

export function basicValue({ username, password }: Password): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

// RFC 6750 section 2.1; a character more could end up as another header.
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Whether a text may stand behind `Bearer`. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}
