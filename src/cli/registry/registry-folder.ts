// SPDX-License-Identifier: Apache-2.0
import { lstat, readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { nameUnknown } from '../../registry/pull/unknown-error.ts';
import { hasLayout } from '../../registry/store/ensure-layout.ts';
import { LAYOUT_KEY, REPOSITORIES_PREFIX } from '../../registry/store/layout.ts';
import { isKnownRepository } from '../../registry/store/lists.ts';
import type { RepositoryPlace } from '../../registry/store/manifest-store.ts';
import { StoreError } from '../../registry/store/store-error.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { filesystemDriver } from '../../storage/filesystem/filesystem.ts';
import { UsageError } from '../command.ts';

/**
 * The registry in a folder, which has to be there.
 *
 * @throws UsageError that says what is there instead
 * @throws StoreError for the registry of a newer program
 */
export async function openRegistryFolder(folder: string): Promise<StorageDriver> {
  const storage = filesystemDriver(folder);
  if (await hasLayout(storage)) return storage;
  const what = await describeFolder(folder);
  throw new UsageError(`${what}: expected the folder of a registry, see --directory`);
}

/**
 * The same, though the file that marks it may be damaged or gone.
 *
 * @throws UsageError when nothing in the folder looks like a registry
 * @throws StoreError for the registry of a newer program
 */
export async function openDamagedFolder(folder: string): Promise<StorageDriver> {
  const storage = filesystemDriver(folder);
  return (await looksLikeRegistry(storage)) ? storage : openRegistryFolder(folder);
}

/**
 * Whether anything in a store looks like a registry.
 *
 * @throws StoreError for the registry of a newer program
 */
export async function looksLikeRegistry(storage: StorageDriver): Promise<boolean> {
  await hasLayout(storage).catch((error: unknown) => {
    if (!(error instanceof StoreError) || error.code !== 'damaged') throw error;
  });
  for await (const { key } of storage.list('', { delimiter: '/' })) {
    if ([LAYOUT_KEY, 'blobs/', REPOSITORIES_PREFIX].includes(key)) return true;
  }
  return false;
}

/** @throws RegistryError for a repository that is not there */
export async function requireKnown(place: RepositoryPlace): Promise<void> {
  if (!(await isKnownRepository(place))) throw nameUnknown(place.repository);
}

/** What is in a folder that is no registry, as text. */
export async function describeFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  const kind = await kindOf(path);
  if (kind === 'absent') return `there is no folder "${path}"`;
  if (kind === 'other') return `"${path}" is no folder`;
  const [first, ...others] = await foreignNames(path);
  if (first === undefined) return `the folder "${path}" is empty`;
  return `the folder "${path}" holds ${[first, ...others].slice(0, 3).join(', ')}, and no registry`;
}

/** Names in a folder that neither a new volume nor this program puts there. */
export async function foreignNames(path: string): Promise<readonly string[]> {
  const names = await readdir(path);
  return names.filter((name) => !name.startsWith('.') && name !== 'lost+found').sort();
}

export async function kindOf(path: string): Promise<'folder' | 'other' | 'absent'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other';
  } catch {
    // Of a link that leads nowhere there is something, but nothing that could be used or made.
    return (await isThere(path)) ? 'other' : 'absent';
  }
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
