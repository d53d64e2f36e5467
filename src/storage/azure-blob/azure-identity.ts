// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { Expiring } from '../../core/renewed.ts';
import { fetchJson } from '../http/fetch-json.ts';
import { renewed } from '../http/renewed.ts';
import { tokenIn } from '../http/token-answer.ts';
import type { AzureCredentials } from './azure-client.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CredentialsSearch {
  /** With the key of the account, or its connection string; left out, what is in the environment and the machine. */
  readonly file?: string | undefined;
  readonly environment: Environment;
}

/** Who this program is to Azure: a file is read again every minute. */
export function azureCredentials({ file, environment }: CredentialsSearch): AzureCredentials {
  if (file !== undefined) return { kind: 'key', key: renewed(() => keyInFile(file)) };
  const given = environment['AZURE_STORAGE_CONNECTION_STRING'] ?? environment['AZURE_STORAGE_KEY'];
  if (given !== undefined) return { kind: 'key', key: async () => keyIn(given) };
  return { kind: 'token', token: renewed(() => tokenOf(environment)) };
}

/** Milliseconds, besides those by which whatever is renewed is renewed early. */
const READ_AGAIN_AFTER = 300_000;

async function keyInFile(file: string): Promise<Expiring<string>> {
  const text = await readFile(file, 'utf8');
  return { value: keyIn(text.trim()), expiresAt: Date.now() + READ_AGAIN_AFTER };
}

/** The key alone, or that in a connection string: fields between semicolons, of which the key holds `=`. */
export function keyIn(text: string): string {
  return /(?:^|;)\s*AccountKey=([^;]+)/i.exec(text)?.[1] ?? text;
}

const AUDIENCE = 'https://storage.azure.com/';

/** In the order of Azure's own libraries: a pod's identity, a secret, that of an app, that of the machine. */
async function tokenOf(environment: Environment): Promise<Expiring<string>> {
  const assertionFile = environment['AZURE_FEDERATED_TOKEN_FILE'];
  const secret = environment['AZURE_CLIENT_SECRET'];
  if (assertionFile !== undefined) {
    const client_assertion = (await readFile(assertionFile, 'utf8')).trim();
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    return loginToken(environment, { client_assertion, client_assertion_type });
  }
  if (secret !== undefined) return loginToken(environment, { client_secret: secret });
  return managedToken(environment);
}

async function loginToken(
  environment: Environment,
  proof: Readonly<Record<string, string>>,
): Promise<Expiring<string>> {
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client_id } = environment;
  if (tenant === undefined || client_id === undefined) {
    throw new Error('AZURE_TENANT_ID and AZURE_CLIENT_ID have to be set');
  }
  const host = environment['AZURE_AUTHORITY_HOST'] ?? 'https://login.microsoftonline.com';
  const url = `${host.replace(/\/$/, '')}/${tenant}/oauth2/v2.0/token`;
  const wanted = { grant_type: 'client_credentials', scope: `${AUDIENCE}.default` };
  return tokenIn(
    await fetchJson({ url, method: 'POST', body: { client_id, ...wanted, ...proof } }),
  );
}

async function managedToken(environment: Environment): Promise<Expiring<string>> {
  const { IDENTITY_ENDPOINT: app, IDENTITY_HEADER: header = '' } = environment;
  const { AZURE_CLIENT_ID: client } = environment;
  const who = client === undefined ? '' : `&client_id=${encodeURIComponent(client)}`;
  const query = `resource=${encodeURIComponent(AUDIENCE)}${who}`;
  if (app !== undefined) {
    const url = `${app}?api-version=2019-08-01&${query}`;
    return tokenIn(await fetchJson({ url, headers: { 'x-identity-header': header } }));
  }
  const host = environment['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? 'http://169.254.169.254';
  const url = `${host}/metadata/identity/oauth2/token?api-version=2018-02-01&${query}`;
  return tokenIn(await fetchJson({ url, headers: { metadata: 'true' } }));
}
