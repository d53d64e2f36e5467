// SPDX-License-Identifier: Apache-2.0
import { createSign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Expiring } from '../../core/renewed.ts';
import { fetchJson } from '../http/fetch-json.ts';
import { jsonOf } from '../http/json-of.ts';
import { fetchToken } from '../http/token-answer.ts';
import type {
  AuthorizedUserKey,
  ExternalAccountKey,
  GoogleKey,
  ServiceAccountKey,
} from './google-key.ts';

const STORAGE = 'https://www.googleapis.com/auth/devstorage.read_write';
const EVERYTHING = 'https://www.googleapis.com/auth/cloud-platform';
/** Seconds. */
const GOOD_FOR = 3_600;

/** A token for what a file of credentials stands for. */
export function tokenFor(key: GoogleKey, scope = STORAGE): Promise<Expiring<string>> {
  switch (key.type) {
    case 'service_account':
      return accountToken(key, scope);
    case 'authorized_user':
      return userToken(key);
    case 'external_account':
      return externalToken(key);
  }
}

async function accountToken(key: ServiceAccountKey, scope: string): Promise<Expiring<string>> {
  const body = {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: assertionOf(key, { scope, now: Date.now() }),
  };
  return fetchToken({ url: key.token_uri, method: 'POST', body });
}

/** Says in the name of an account who wants what, signed with its key (RFC 7523). */
export function assertionOf(
  key: ServiceAccountKey,
  { scope, now }: { readonly scope: string; readonly now: number },
): string {
  const { client_email: iss, token_uri: aud, private_key_id: kid } = key;
  const iat = Math.floor(now / 1000);
  const claims = { iss, scope, aud, iat, exp: iat + GOOD_FOR };
  const parts = [{ alg: 'RS256', typ: 'JWT', kid }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = parts.join('.');
  return `${text}.${signedWith(key, text).toString('base64url')}`;
}

export function signedWith({ private_key, client_email }: ServiceAccountKey, text: string): Buffer {
  try {
    return createSign('RSA-SHA256').update(text).sign(private_key);
  } catch {
    // Without the cause: it is about the key.
    throw new Error(`the private_key of "${client_email}" is none`);
  }
}

async function userToken(key: AuthorizedUserKey): Promise<Expiring<string>> {
  const { client_id, client_secret, refresh_token } = key;
  const body = { grant_type: 'refresh_token', client_id, client_secret, refresh_token };
  return fetchToken({ url: key.token_uri, method: 'POST', body });
}

const Impersonated = z.object({ accessToken: z.string(), expireTime: z.string() });

async function externalToken(key: ExternalAccountKey): Promise<Expiring<string>> {
  const body = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: key.audience,
    scope: EVERYTHING,
    subject_token_type: key.subject_token_type,
    subject_token: await subjectToken(key),
  };
  const own = await fetchToken({ url: key.token_url, method: 'POST', body });
  const url = key.service_account_impersonation_url;
  if (url === undefined) return own;
  const headers = { authorization: `Bearer ${own.value}` };
  const wanted = JSON.stringify({ scope: [EVERYTHING] });
  const answer = await fetchJson({ url, method: 'POST', headers, body: wanted });
  const { accessToken, expireTime } = Impersonated.parse(answer);
  return { value: accessToken, expiresAt: Date.parse(expireTime) };
}

async function subjectToken({ credential_source }: ExternalAccountKey): Promise<string> {
  const { file, url, headers, format } = credential_source;
  const field = format.subject_token_field_name;
  if (file !== undefined) {
    const text = await readFile(file, 'utf8');
    return field === undefined ? text.trim() : fieldOf(jsonOf(text), field);
  }
  if (url !== undefined) return fieldOf(await fetchJson({ url, headers }), field ?? 'access_token');
  throw new Error('external credentials of a kind that is not known: neither file nor url');
}

function fieldOf(answer: unknown, field: string): string {
  const value = z.record(z.string(), z.unknown()).safeParse(answer).data?.[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`external credentials without the field "${field}"`);
}
