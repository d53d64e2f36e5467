// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { AzureBlobStorageSettings, GcsStorageSettings } from '../../config/object-stores.ts';
import type { S3StorageSettings } from '../../config/registry-storage.ts';
import { whyUnread } from '../../config/why-unread.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { filesystemDriver } from '../../storage/filesystem/filesystem.ts';
import type { S3Credentials } from '../../storage/s3/s3-client.ts';
import { cloudEnvironment } from './cloud-environment.ts';
import type { LoadedRegistry } from './registry-config.ts';

/** What is needed of a configuration to open its storage. */
export interface StorageConfig extends Pick<LoadedRegistry, 'origin' | 'directory'> {
  readonly config: Pick<LoadedRegistry['config'], 'storage'>;
}

/**
 * The storage that a configuration names. Nothing is asked of it yet.
 *
 * @throws ConfigError for credentials that cannot be read
 */
export async function openStorage(loaded: StorageConfig): Promise<StorageDriver> {
  const { storage } = loaded.config;
  switch (storage.kind) {
    case 'filesystem':
      return filesystemDriver(resolve(loaded.directory, storage.directory));
    case 's3':
      return openS3(storage, loaded);
    case 'gcs':
      return openGcs(storage, loaded);
    case 'azure-blob':
      return openAzureBlob(storage, loaded);
  }
}

async function openS3(storage: S3StorageSettings, loaded: StorageConfig): Promise<StorageDriver> {
  const credentials = await readCredentials(storage, loaded);
  // The SDK is large, and only this kind of storage needs it.
  const { s3Driver } = await import('../../storage/s3/s3.ts');
  return s3Driver({ ...storage, credentials });
}

async function openGcs(storage: GcsStorageSettings, loaded: StorageConfig): Promise<StorageDriver> {
  const { anonymous, credentialsFile, ...options } = storage;
  const file = await readableFile(loaded, 'storage.credentialsFile', credentialsFile);
  // Loaded like the SDK, only when it is asked for: it brings the HTTP client.
  const { gcsDriver } = await import('../../storage/gcs/gcs.ts');
  const { googleIdentity } = await import('../../storage/gcs/google-identity.ts');
  const identity = anonymous
    ? undefined
    : googleIdentity({ file, environment: cloudEnvironment() });
  return gcsDriver({ ...options, identity });
}

async function openAzureBlob(
  { keyFile, ...options }: AzureBlobStorageSettings,
  loaded: StorageConfig,
): Promise<StorageDriver> {
  const file = await readableFile(loaded, 'storage.keyFile', keyFile);
  const { azureBlobDriver } = await import('../../storage/azure-blob/azure-blob.ts');
  const { azureCredentials } = await import('../../storage/azure-blob/azure-identity.ts');
  const credentials = azureCredentials({ file, environment: cloudEnvironment() });
  return azureBlobDriver({ ...options, credentials });
}

/** The path of a file that is named, which can be read and holds something. */
async function readableFile(
  { directory, origin }: StorageConfig,
  key: string,
  name: string | undefined,
): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const path = resolve(directory, name);
  await readNonEmpty(path, { origin, key });
  return path;
}

async function readNonEmpty(
  path: string,
  { origin, key }: { readonly origin: string; readonly key: string },
): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(origin, [`${key}: "${path}" ${whyUnread(error)}`]);
  });
  if (text.trim() !== '') return text.trim();
  throw new ConfigError(origin, [`${key}: "${path}" is empty`]);
}

/** Milliseconds: files are replaced long before what is in them is over. */
const READ_AGAIN_AFTER = 60_000;
/** How long before they are over the SDK asks for others. */
const ASKED_BEFORE = 300_000;

interface ExpiringCredentials extends S3Credentials {
  readonly expiration: Date;
}

async function readCredentials(
  { credentials }: S3StorageSettings,
  { directory, origin }: StorageConfig,
): Promise<(() => Promise<ExpiringCredentials>) | undefined> {
  if (credentials === undefined) return undefined;
  const read = (key: keyof typeof credentials): Promise<string> => {
    const path = resolve(directory, credentials[key] ?? '');
    return readNonEmpty(path, { origin, key: `storage.credentials.${key}` });
  };
  const readAll = async (): Promise<ExpiringCredentials> => ({
    accessKeyId: await read('accessKeyIdFile'),
    secretAccessKey: await read('secretAccessKeyFile'),
    ...(credentials.sessionTokenFile && { sessionToken: await read('sessionTokenFile') }),
    expiration: new Date(Date.now() + READ_AGAIN_AFTER + ASKED_BEFORE),
  });
  await readAll();
  return readAll;
}
