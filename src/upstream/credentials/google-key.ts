// SPDX-License-Identifier: Apache-2.0
import { fieldOf } from '../../core/net/json-value.ts';
import { UpstreamError } from '../upstream-error.ts';

/** A file of Google's that says who somebody is. */
export type GoogleKey = ServiceAccountKey | UserKey;

export interface ServiceAccountKey {
  readonly kind: 'service-account';
  readonly email: string;
  /** PEM. */
  readonly privateKey: string;
  readonly keyId: string | undefined;
  readonly tokenUrl: URL;
}

/** What `gcloud auth application-default login` leaves. */
export interface UserKey {
  readonly kind: 'user';
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly tokenUrl: URL;
}

const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

/**
 * Nothing of the file but its type is ever part of a message.
 * https://cloud.google.com/docs/authentication/application-default-credentials
 *
 * @param shown the path of the file
 * @throws UpstreamError
 */
export function parseGoogleKey(text: string, shown: string): GoogleKey {
  const document = parseJson(text);
  const type = fieldOf(document, 'type');
  const required = (name: string) => {
    const value = fieldOf(document, name);
    if (typeof value === 'string' && value !== '') return value;
    throw refusal(`"${shown}" has no ${name}`);
  };
  if (type === 'service_account') {
    const keyId = fieldOf(document, 'private_key_id');
    return {
      kind: 'service-account',
      email: required('client_email'),
      privateKey: required('private_key'),
      keyId: typeof keyId === 'string' ? keyId : undefined,
      tokenUrl: tokenUrlOf(document, shown),
    };
  }
  if (type === 'authorized_user') {
    return {
      kind: 'user',
      clientId: required('client_id'),
      clientSecret: required('client_secret'),
      refreshToken: required('refresh_token'),
      tokenUrl: tokenUrlOf(document, shown),
    };
  }
  throw refusal(`"${shown}" is no key of a service account or a user of Google`);
}

/** What it gets lets its owner in everywhere: nobody on the way may read it. */
function tokenUrlOf(document: unknown, shown: string): URL {
  const text = fieldOf(document, 'token_uri') ?? TOKEN_URL;
  const url = typeof text === 'string' ? URL.parse(text) : null;
  const isSafe = url?.protocol === 'https:' || LOOPBACK.test(url?.hostname ?? '');
  if (url !== null && isSafe) return url;
  throw refusal(`the token_uri of "${shown}" is no https address`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the parser's own message would quote the file
  }
}

function refusal(message: string): UpstreamError {
  return new UpstreamError('unauthorized', message);
}
