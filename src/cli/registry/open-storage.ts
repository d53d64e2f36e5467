// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { S3StorageSettings } from '../../config/registry-storage.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { filesystemDriver } from '../../storage/filesystem/filesystem.ts';
import type { S3Credentials } from '../../storage/s3/s3-client.ts';
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
  if (storage.kind === 'filesystem') {
    return filesystemDriver(resolve(loaded.directory, storage.directory));
  }
  const credentials = await readCredentials(storage, loaded);
  // The SDK is large, and only this kind of storage needs it.
  const { s3Driver } = await import('../../storage/s3/s3.ts');
  return s3Driver({ ...storage, credentials });
}

/** Milliseconds: files are replaced long before what is in them is over. */
const READ_AGAIN_AFTER = 60_000;

interface ExpiringCredentials extends S3Credentials {
  readonly expiration: Date;
}

async function readCredentials(
  { credentials }: S3StorageSettings,
  { directory, origin }: StorageConfig,
): Promise<(() => Promise<ExpiringCredentials>) | undefined> {
  if (credentials === undefined) return undefined;
  const read = async (key: keyof typeof credentials): Promise<string> => {
    const path = resolve(directory, credentials[key] ?? '');
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.trim() !== '') return text.trim();
    const problem = `storage.credentials.${key}: "${path}" cannot be read, or is empty`;
    throw new ConfigError(origin, [problem]);
  };
  const readAll = async (): Promise<ExpiringCredentials> => ({
    accessKeyId: await read('accessKeyIdFile'),
    secretAccessKey: await read('secretAccessKeyFile'),
    ...(credentials.sessionTokenFile && { sessionToken: await read('sessionTokenFile') }),
    expiration: new Date(Date.now() + READ_AGAIN_AFTER),
  });
  await readAll();
  return readAll;
}
