// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { fieldOf } from '../../core/net/json-value.ts';
import type { Transport, WireRequest } from '../transport.ts';
import { UpstreamError } from '../upstream-error.ts';
import { askJson, noAnswer } from './ask-json.ts';
import { cachedCredentials, type LimitedCredentials } from './cached-credentials.ts';
import { type CredentialProvider, isToken } from './credentials.ts';
import { parseGoogleKey, type ServiceAccountKey } from './google-key.ts';

export interface GoogleCredentialsOptions {
  /** A key of a service account or of a user; without one the machine is asked who it is. */
  readonly keyFile: string | undefined;
  /** Who tells a machine that: `host` or `host:port`. */
  readonly metadataHost: string | undefined;
  readonly transport: Transport;
  readonly now: () => number;
}

const METADATA_HOST = 'metadata.google.internal';
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';
/** What the registry may be read with; there is none that is narrower and good for all of Google's registries. */
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
/** Seconds: how long Google's tokens are good, and the longest that is believed. */
const LIFETIME = 3_600;

/** Access tokens of Google, as the password of the user that its registries have for them. */
export function googleCredentials(options: GoogleCredentialsOptions): CredentialProvider {
  return cachedCredentials(() => askForToken(options), options.now);
}

async function askForToken(options: GoogleCredentialsOptions): Promise<LimitedCredentials> {
  const { transport, now } = options;
  const asked = now();
  const request = await questionFor(options);
  const answer = await askJson(transport, request);
  const [token, lifetime] = [fieldOf(answer, 'access_token'), fieldOf(answer, 'expires_in')];
  if (typeof token !== 'string' || !isToken(token)) throw noAnswer(request.url);
  const seconds = typeof lifetime === 'number' && lifetime > 0 ? lifetime : 0;
  return {
    credentials: { username: 'oauth2accesstoken', password: token },
    until: asked + Math.min(seconds, LIFETIME) * 1_000,
  };
}

async function questionFor({
  keyFile,
  metadataHost = METADATA_HOST,
  now,
}: GoogleCredentialsOptions): Promise<WireRequest> {
  if (keyFile === undefined) return metadataQuestion(metadataHost);
  const text = await readFile(keyFile, 'utf8').catch((cause: unknown) => {
    throw new UpstreamError('unauthorized', `"${keyFile}" cannot be read`, { cause });
  });
  const key = parseGoogleKey(text, keyFile);
  if (key.kind === 'service-account') {
    return formOf(key.tokenUrl, {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await sign(key, { now: now(), keyFile }),
    });
  }
  return formOf(key.tokenUrl, {
    grant_type: 'refresh_token',
    client_id: key.clientId,
    client_secret: key.clientSecret,
    refresh_token: key.refreshToken,
  });
}

/** https://cloud.google.com/compute/docs/metadata/querying-metadata */
function metadataQuestion(host: string): WireRequest {
  const url = URL.parse(`http://${host}${TOKEN_PATH}`);
  if (url === null || url.host !== host.toLowerCase()) {
    throw new UpstreamError('unauthorized', `"${host}" is no host of a metadata server`);
  }
  return { url, method: 'GET', headers: { 'metadata-flavor': 'Google' } };
}

function formOf(url: URL, fields: Readonly<Record<string, string>>): WireRequest {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { url, method: 'POST', headers, body: new URLSearchParams(fields).toString() };
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#jwt-auth */
async function sign(
  { email, privateKey, keyId, tokenUrl }: ServiceAccountKey,
  { now, keyFile }: { readonly now: number; readonly keyFile: string },
): Promise<string> {
  const { importPKCS8, SignJWT } = await import('jose');
  const issued = Math.floor(now / 1_000);
  try {
    const key = await importPKCS8(privateKey, 'RS256');
    return await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) })
      .setIssuer(email)
      .setAudience(tokenUrl.href)
      .setIssuedAt(issued)
      .setExpirationTime(issued + LIFETIME)
      .sign(key);
  } catch {
    // Without the cause: it is about the key.
    throw new UpstreamError('unauthorized', `the private_key of "${keyFile}" is none`);
  }
}
