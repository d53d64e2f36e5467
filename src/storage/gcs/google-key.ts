// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { jsonOf } from '../http/json-of.ts';

const TokenUri = z.url().default('https://oauth2.googleapis.com/token');

/** The key of a service account. */
const ServiceAccount = z.object({
  type: z.literal('service_account'),
  client_email: z.string(),
  private_key: z.string(),
  token_uri: TokenUri,
});

/** What `gcloud auth application-default login` leaves for a person. */
const AuthorizedUser = z.object({
  type: z.literal('authorized_user'),
  client_id: z.string(),
  client_secret: z.string(),
  refresh_token: z.string(),
  token_uri: TokenUri,
});

/** Whom another service vouches for, by a token in a file or behind a URL. */
const ExternalAccount = z.object({
  type: z.literal('external_account'),
  audience: z.string(),
  subject_token_type: z.string(),
  token_url: z.url(),
  service_account_impersonation_url: z.url().optional(),
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

/** What a file of credentials holds; undefined when it is none of the kinds that are known. */
export function parseGoogleKey(text: string): GoogleKey | undefined {
  return GoogleKey.safeParse(jsonOf(text)).data;
}
