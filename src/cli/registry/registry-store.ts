// SPDX-License-Identifier: Apache-2.0
import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import { ensureLayout, hasLayout } from '../../registry/store/ensure-layout.ts';
import { proveConditions } from '../../registry/store/prove-conditions.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { filesystemDriver } from '../../storage/filesystem/filesystem.ts';
import { openRegistryBucket } from './registry-bucket.ts';
import type { LoadedRegistry } from './registry-config.ts';
import { foreignNames, kindOf } from './registry-folder.ts';

/**
 * Opens the store of a registry that is about to serve. An empty folder or bucket becomes one; whatever else is there is
 * left as it is.
 *
 * @param create whether a folder that is not there is made
 * @throws ConfigError that says what is there instead, and what to do
 * @throws StoreError for the store of a newer program
 */
export async function openRegistryStore(
  loaded: LoadedRegistry,
  create: boolean,
): Promise<StorageDriver> {
  const { storage } = loaded.config;
  if (storage.kind !== 'filesystem') return openRegistryBucket(loaded);
  return openFolder(loaded, { path: resolve(loaded.directory, storage.directory), create });
}

async function openFolder(
  { config, origin }: LoadedRegistry,
  { path, create }: { readonly path: string; readonly create: boolean },
): Promise<StorageDriver> {
  const refuse = (problem: string, cause?: unknown) =>
    new ConfigError(origin, [`storage.directory: ${problem}`], cause);
  const kind = await kindOf(path);
  if (kind === 'other') throw refuse(`"${path}" is no folder`);
  if (kind === 'absent' && !create) {
    throw refuse(`there is no folder "${path}": make it, or say --create`);
  }
  const storage = filesystemDriver(path);
  const isMarked = await hasLayout(storage);
  const foreign = isMarked || kind === 'absent' ? [] : await foreignNames(path);
  if (foreign.length > 0) throw refuse(`"${path}" is no registry of ours: ${adviceFor(foreign)}`);
  if (config.readOnly && isMarked) return storage;
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw refuse(`"${path}" cannot be written: change who may, or set readOnly`, cause);
  }
  await ensureLayout(storage);
  await proveConditions(storage);
  return storage;
}

function adviceFor(names: readonly string[]): string {
  if (names.includes('oci-layout')) {
    return 'it is an OCI layout; serve an empty folder, and fill it with "archeion registry import"';
  }
  if (names.includes('docker')) {
    return 'it looks like that of another registry; serve an empty folder, and copy from the running one with "archeion registry import docker://…"';
  }
  return `it holds ${names.slice(0, 3).join(', ')}; give an empty folder`;
}
