// SPDX-License-Identifier: Apache-2.0
import { openStoreClient, type StoreRequest } from '../http/store-client.ts';
import { azureKeys } from './azure-keys.ts';
import { type SasKey, sasQuery } from './azure-sas.ts';
import { type AzureStore, type Blob, type CopySource, pathOf } from './azure-store.ts';
import { SERVICE_VERSION } from './azure-version.ts';
import { azureProblem } from './azure-xml.ts';
import { delegationKeys } from './delegation-keys.ts';
import { signed, textToSign } from './shared-key.ts';

export type AzureCredentials =
  /** The key of the account, in base64. */
  | { readonly kind: 'key'; readonly key: () => Promise<string> }
  /** A token of Microsoft Entra ID. */
  | { readonly kind: 'token'; readonly token: () => Promise<string> };

export interface AzureOptions {
  readonly account: string;
  readonly container: string;
  /** What all names in the container start with. */
  readonly prefix?: string | undefined;
  /** The URL of the account, when it is not that of the public cloud. */
  readonly endpoint?: string | undefined;
  /** The URL under which clients reach the account, when it is another one. */
  readonly publicEndpoint?: string | undefined;
  readonly credentials: AzureCredentials;
}

export interface OpenedAzure {
  readonly store: AzureStore;
  /** A URL by which whoever has it may read a blob for some seconds. */
  readonly linkTo: (blob: Blob, seconds: number) => Promise<string>;
}

/** Seconds that a copy may take. */
const COPY_WITHIN = 3_600;

export function openAzure(options: AzureOptions): OpenedAzure {
  const { account, container, credentials, prefix } = options;
  const endpoint = new URL(options.endpoint ?? `https://${account}.blob.core.windows.net`);
  const base = endpoint.pathname.replace(/\/$/, '');
  const client = openStoreClient({
    origin: endpoint.origin,
    authorize: (request) => authorize(options, request),
    problemOf: azureProblem,
    fatal: ['ContainerNotFound', 'ContainerBeingDeleted'],
  });
  const delegated = delegationKeys(client, base);
  const keyOf = async (): Promise<SasKey> =>
    credentials.kind === 'key'
      ? { kind: 'account', value: await credentials.key() }
      : { kind: 'delegation', key: await delegated() };
  const query = async ({ name }: Blob, seconds: number): Promise<string> => {
    const expiresAt = Date.now() + seconds * 1000;
    return sasQuery({ account, container, name, expiresAt }, await keyOf());
  };
  const path = `${base}/${container}`;
  const copySource = async (blob: Blob): Promise<CopySource> => {
    const url = `${endpoint.origin}${pathOf(path, blob)}`;
    if (credentials.kind === 'token') {
      const bearer = `Bearer ${await credentials.token()}`;
      return { url, headers: { 'x-ms-copy-source-authorization': bearer } };
    }
    return { url: `${url}?${await query(blob, COPY_WITHIN)}`, headers: {} };
  };
  const seen = new URL(options.publicEndpoint ?? endpoint);
  const seenPath = `${seen.pathname.replace(/\/$/, '')}/${container}`;
  return {
    store: { client, keys: azureKeys(prefix), container: path, copySource },
    linkTo: async (blob, seconds) =>
      `${seen.origin}${pathOf(seenPath, blob)}?${await query(blob, seconds)}`,
  };
}

async function authorize(
  { account, credentials }: AzureOptions,
  { method, path, headers = {}, body = '' }: StoreRequest,
): Promise<Readonly<Record<string, string>>> {
  const more = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': SERVICE_VERSION };
  if (credentials.kind === 'token') {
    return { ...more, authorization: `Bearer ${await credentials.token()}` };
  }
  const request = {
    method,
    path,
    headers: { ...headers, ...more },
    length: Buffer.byteLength(body),
  };
  const signature = signed(await credentials.key(), textToSign(account, request));
  return { ...more, authorization: `SharedKey ${account}:${signature}` };
}
