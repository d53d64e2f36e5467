// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { jsonOf } from '../http/json-of.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

/** What is sent there lets its owner in everywhere: nobody on the way may read it. */
const TokenUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || LOOPBACK.test(url?.hostname ?? '');
});
const TokenUri = TokenUrl.default('https://oauth2.googleapis.com/token');

/** The key of a service account. */
const ServiceAccount = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: TokenUri,
});

/** What `gcloud auth application-default login` leaves for a person. */
const AuthorizedUser = z.object({
  type: z.literal('authorized_user'),
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  refresh_token: z.string().min(1),
  token_uri: TokenUri,
});

/** Whom another service vouches for, by a token in a file or behind a URL. */
const ExternalAccount = z.object({
  type: z.literal('external_account'),
  audience: z.string(),
  subject_token_type: z.string(),
  token_url: TokenUrl,
  service_account_impersonation_url: TokenUrl.optional(),
  credential_source: z.object({
    file: z.string().optional(),
    url: z.url().optional(),
    headers: z.record(z.string(), z.string()).default({}),
    format: z
      .object({ type: z.string(), subject_token_field_name: z.string().optional() })
      .default({ type: 'text' }),
  }),
});

const GoogleKey = z.discriminatedUnion('type', [ServiceAccount, AuthorizedUser, ExternalAccount]);

export type GoogleKey = z.output<typeof GoogleKey>;
export type ServiceAccountKey = z.output<typeof ServiceAccount>;
export type AuthorizedUserKey = z.output<typeof AuthorizedUser>;
export type ExternalAccountKey = z.output<typeof ExternalAccount>;

/**
 * What a file of credentials holds. Nothing of it is ever part of a message.
 *
 * @param shown the path of the file
 * @throws Error that says what is wrong with it
 */
export function parseGoogleKey(text: string, shown: string): GoogleKey {
  const result = GoogleKey.safeParse(jsonOf(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') ?? '';
  if (field === '' || field === 'type') {
    throw new Error(`"${shown}" is no key of a service account or a user of Google`);
  }
  if (URLS.test(field)) throw new Error(`the ${field} of "${shown}" is no https address`);
  throw new Error(`"${shown}" has no ${field}`);
}

const URLS = /^token_ur|_url$/;
