// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { HttpUrl } from './values.ts';

/** What every name in a bucket starts with. */
export const NamePrefix = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/, 'expected a path')
  .max(200);

const redirect = (otherwise: string) =>
  z
    .boolean()
    .optional()
    .describe(
      `whether clients get blobs from the store itself, by a link that is good for minutes; left out, ${otherwise}`,
    );

const publicEndpoint = HttpUrl.optional().describe(
  'the URL under which clients reach the store, when it is another one than the registry uses',
);

export const Gcs = z.strictObject({
  kind: z.literal('gcs').describe('objects in a bucket of Google Cloud Storage'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'expected the name of a bucket')
    .describe('the bucket, which has to be there'),
  endpoint: HttpUrl.optional().describe('the URL of the store, when it is not that of everybody'),
  publicEndpoint,
  prefix: NamePrefix.optional().describe(
    'what every name in the bucket starts with, when the bucket holds more',
  ),
  credentialsFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'a file of Google with credentials, relative to the configuration file; left out, what GOOGLE_APPLICATION_CREDENTIALS names, what gcloud left, the account of the machine or pod',
    ),
  anonymous: z
    .boolean()
    .default(false)
    .describe('whether it is asked without any credentials, as programs are that play the store'),
  redirect: redirect('when there is no `endpoint`, or a `publicEndpoint`, and not `anonymous`'),
});

export const AzureBlob = z.strictObject({
  kind: z.literal('azure-blob').describe('blobs in a container of Azure'),
  account: z
    .string()
    .regex(/^[a-z0-9]{3,24}$/, 'expected the name of a storage account')
    .describe('the storage account'),
  container: z
    .string()
    .regex(/^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/, 'expected the name of a container')
    .describe('the container, which has to be there'),
  endpoint: HttpUrl.optional().describe(
    'the URL of the account, when it is not `https://ACCOUNT.blob.core.windows.net`',
  ),
  publicEndpoint,
  prefix: NamePrefix.optional().describe(
    'what every name in the container starts with, when the container holds more',
  ),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'a file with the key of the account or its connection string, relative to the configuration file, read again every minute; left out, AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY, or the identity of the pod, app or machine',
    ),
  redirect: redirect('when there is no `endpoint`, or a `publicEndpoint`'),
});

export type GcsStorageSettings = z.output<typeof Gcs>;
export type AzureBlobStorageSettings = z.output<typeof AzureBlob>;
