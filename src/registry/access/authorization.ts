// SPDX-License-Identifier: Apache-2.0
import { isPassword, isUserName } from '../../core/access/user-name.ts';
import type { Login } from './password-check.ts';

/** What a request says of itself in `Authorization`. */
export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly login: Login }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'malformed' };

// RFC 9110 section 11.2: one space or more, and a token68. Two lines of the header arrive joined, and match nothing.
const CREDENTIALS = /^(basic|bearer) +([A-Za-z0-9\-._~+/]+={0,2})$/i;
const LONGEST = 12_288;

export function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined) return { kind: 'none' };
  const match = header.length > LONGEST ? null : CREDENTIALS.exec(header);
  if (match === null) return { kind: 'malformed' };
  const [, scheme = '', token = ''] = match;
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token };
  const login = loginOf(token);
  return login === undefined ? { kind: 'malformed' } : { kind: 'basic', login };
}

/** https://www.rfc-editor.org/rfc/rfc7617#section-2 */
function loginOf(encoded: string): Login | undefined {
  const text = decodedText(encoded);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon === -1) return undefined;
  return checkedLogin(text.slice(0, colon), text.slice(colon + 1));
}

/** Undefined for what nobody can be called, or have as a password. */
export function checkedLogin(name: string, password: string): Login | undefined {
  return isUserName(name) && isPassword(password) ? { name, password } : undefined;
}

function decodedText(encoded: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined; // the only thing it throws is that it is no UTF-8
  }
}
