// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { AzureBlob, Gcs, NamePrefix } from './object-stores.ts';
import { HttpUrl } from './values.ts';

const Filesystem = z.strictObject({
  kind: z.literal('filesystem').describe('files in a folder'),
  directory: z
    .string()
    .min(1)
    .describe('the folder, relative to the configuration file; it has to be there'),
});

const file = (what: string) =>
  z.string().min(1).describe(`a file with ${what}, relative to the configuration file`);

const Credentials = z.strictObject({
  accessKeyIdFile: file('the id of the access key'),
  secretAccessKeyFile: file('the secret of the access key'),
  sessionTokenFile: file('the token of a temporary access key').optional(),
});

export const S3 = z.strictObject({
  kind: z
    .literal('s3')
    .describe('objects in a bucket of S3, or of a store that speaks its protocol'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket')
    .describe('the bucket, which has to be there'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'expected a region such as eu-west-1')
    .default('us-east-1')
    .describe('the region of the bucket; other stores than AWS often do not mind'),
  endpoint: HttpUrl.optional().describe('the URL of another store than that of AWS'),
  publicEndpoint: HttpUrl.optional().describe(
    'the URL under which clients reach the store, when it is another one than the registry uses',
  ),
  prefix: NamePrefix.optional().describe(
    'what every name in the bucket starts with, when the bucket holds more',
  ),
  pathStyle: z
    .boolean()
    .optional()
    .describe(
      'whether the bucket is in the path of URLs instead of their host; left out, with an `endpoint` it is',
    ),
  credentials: Credentials.optional().describe(
    'read again every minute; left out, what the AWS SDK finds: variables such as AWS_ACCESS_KEY_ID, its files, the role of the machine',
  ),
  redirect: z
    .boolean()
    .optional()
    .describe(
      'whether clients get blobs from the store itself, by a link that is good for minutes; left out, when there is no `endpoint`, or a `publicEndpoint`',
    ),
});

/** Where a registry keeps everything. */
export const RegistryStorage = z
  .discriminatedUnion('kind', [Filesystem, S3, Gcs, AzureBlob])
  .describe('where everything is kept');

export type RegistryStorageSettings = z.output<typeof RegistryStorage>;
export type S3StorageSettings = z.output<typeof S3>;

/** Whether clients can reach the store, and are to. */
export function redirectsBlobs(storage: RegistryStorageSettings): boolean {
  if (storage.kind === 'filesystem') return false;
  const { redirect, endpoint, publicEndpoint } = storage;
  if (redirect === undefined && storage.kind === 'gcs' && storage.anonymous) return false;
  return redirect ?? (endpoint === undefined || publicEndpoint !== undefined);
}
