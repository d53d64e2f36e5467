// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Expiring } from '../../core/renewed.ts';
import { fetchJson, type JsonRequest } from '../http/fetch-json.ts';
import { renewed } from '../http/renewed.ts';
import { fetchToken } from '../http/token-answer.ts';
import type { GoogleIdentity } from './gcs-client.ts';
import { type GoogleKey, parseGoogleKey } from './google-key.ts';
import { signedWith, tokenFor } from './google-tokens.ts';
import type { Signer } from './signed-url.ts';

export interface IdentitySearch {
  /** Of credentials; left out, Google's own order: a variable, a file of gcloud, the metadata of the machine. */
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a service account asks for; left out, to read and write storage. */
  readonly scope?: string;
}

/** Who this program is to Google. Files are read again with every new token. */
export function googleIdentity(search: IdentitySearch): GoogleIdentity {
  const metadata = metadataOf(search);
  const token = renewed(async () => {
    const key = await findKey(search);
    return key === undefined ? metadata.token().catch(noneFound) : tokenFor(key, search.scope);
  });
  return {
    token,
    async signer() {
      const key = await findKey(search);
      if (key?.type !== 'service_account') {
        return remoteSigner(await accountOf(key, metadata), token);
      }
      return { email: key.client_email, sign: async (text) => signedWith(key, text) };
    },
  };
}

/** Who runs this elsewhere than at Google has never heard of its metadata. */
function noneFound(cause: unknown): never {
  const places =
    'GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login` or `credentialsFile`';
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new Error(`there are no credentials by ${places}, and of this machine ${why}`, { cause });
}

async function findKey({ file, environment }: IdentitySearch): Promise<GoogleKey | undefined> {
  const named = file ?? (environment['GOOGLE_APPLICATION_CREDENTIALS'] || undefined);
  const folder = environment['CLOUDSDK_CONFIG'] || join(homedir(), '.config', 'gcloud');
  const path = named ?? join(folder, 'application_default_credentials.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (named === undefined) return undefined; // nobody said that there is one
    throw new Error(`"${path}" cannot be read`, { cause: error });
  });
  return text === undefined ? undefined : parseGoogleKey(text, path);
}

const Email = z.object({ email: z.string() });

interface Metadata {
  token(): Promise<Expiring<string>>;
  email(): Promise<string>;
}

const MACHINE = 'metadata.google.internal';

function metadataOf({ environment }: IdentitySearch): Metadata {
  const host = environment['GCE_METADATA_HOST'] || MACHINE;
  const account = `http://${host}/computeMetadata/v1/instance/service-accounts/default/`;
  const asking = (rest: string): JsonRequest => {
    if (URL.parse(account)?.host === host.toLowerCase()) {
      return { url: account + rest, headers: { 'metadata-flavor': 'Google' } };
    }
    throw new Error(`"${host}" is no host of a metadata server`);
  };
  return {
    token: async () => fetchToken(asking('token')),
    email: async () => Email.parse(await fetchJson(asking('?recursive=true'))).email,
  };
}

const ACCOUNTS = 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/';
const IMPERSONATED = /^(.*\/serviceAccounts\/)([^/:]+):/;

/** The account in whose name Google signs, and where it does. */
async function accountOf(
  key: GoogleKey | undefined,
  metadata: Metadata,
): Promise<{ readonly email: string; readonly accounts: string }> {
  if (key === undefined) return { email: await metadata.email(), accounts: ACCOUNTS };
  const url = key.type === 'external_account' ? key.service_account_impersonation_url : undefined;
  const [, accounts, email] = IMPERSONATED.exec(url ?? '') ?? [];
  if (accounts !== undefined && email !== undefined) return { accounts, email };
  throw new Error('these credentials cannot sign links: use those of a service account');
}

const Signed = z.object({ signedBlob: z.string() });

/** Has Google sign with a key that only Google has. */
function remoteSigner(
  { email, accounts }: { readonly email: string; readonly accounts: string },
  token: () => Promise<string>,
): Signer {
  const url = `${accounts}${email}:signBlob`;
  return {
    email,
    async sign(text) {
      const headers = { authorization: `Bearer ${await token()}` };
      const body = JSON.stringify({ payload: Buffer.from(text).toString('base64') });
      const answer = Signed.parse(await fetchJson({ url, method: 'POST', headers, body }));
      return Buffer.from(answer.signedBlob, 'base64');
    },
  };
}
