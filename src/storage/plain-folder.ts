// SPDX-License-Identifier: Apache-2.0
import { readdir, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { bytesOf } from './body.ts';
import type { ObjectInfo, ObjectStore } from './driver.ts';
import { ifPresent, onDisk } from './filesystem/filesystem-errors.ts';
import { openFolders } from './filesystem/filesystem-folders.ts';
import { openLocks } from './filesystem/filesystem-lock.ts';
import { openPublisher, type Place } from './filesystem/filesystem-publish.ts';
import { readObject } from './filesystem/filesystem-read.ts';
import { smallFiles, statFile } from './filesystem/filesystem-small.ts';
import { openTemporaryFiles, removeOld } from './filesystem/filesystem-temporary.ts';
import { checkKey, compareKeys } from './key.ts';
import { type ListCursor, listing } from './listing.ts';
import { StorageError } from './storage-error.ts';

const LOCK_LIFETIME = 10_000;
const DAY = 86_400_000;

/**
 * A folder in which an object lies at the path that its key is: what any web server serves. Other than the
 * driver's folders it holds what the file system can name, and no key that is the beginning of another one.
 * What begins with a dot is not ours, or not ready: `.tmp` holds what is being written.
 */
export function plainFolder(root: string): ObjectStore {
  const base = resolve(root);
  const temporaryFolder = join(base, '.tmp');
  const temporary = openTemporaryFiles(temporaryFolder);
  const locks = openLocks({ staging: temporaryFolder, lifetime: LOCK_LIFETIME });
  const publisher = openPublisher(openFolders(base), locks);
  const small = smallFiles();
  let swept: Promise<void> | undefined;
  return {
    name: `folder ${base}`,
    async stat(key) {
      return statFile(key, placeIn(base, key).path);
    },
    async read(key, range, signal) {
      return readObject(small, { key, path: placeIn(base, key).path, range, signal });
    },
    async write(key, body, options = {}) {
      const place = placeIn(base, key);
      swept ??= removeOld(temporaryFolder, DAY).catch(() => undefined);
      await swept;
      const file = await temporary.write(key, bytesOf(key, body, options), options);
      try {
        return await onDisk(key, publisher.publish(place, file, options));
      } finally {
        await rm(file.path, { force: true });
      }
    },
    async remove(key, options) {
      return onDisk(key, publisher.remove(placeIn(base, key), options));
    },
    list: (prefix, options = {}) => listing((cursor) => walk(base, cursor), prefix, options),
  };
}

function placeIn(base: string, key: string): Place {
  checkKey(key);
  // So nothing leads out of the folder, or to what is the driver's own.
  if (key.split('/').some((segment) => segment.startsWith('.')) || key.includes('\\')) {
    throw new StorageError('invalid-key', key, 'no part of a key begins with a dot');
  }
  const path = join(base, ...key.split('/'));
  const folder = dirname(path);
  return { key, folder, path, lock: join(folder, `.lock-${path.slice(folder.length + 1)}`) };
}

async function* walk(
  base: string,
  { prefix, keysOnly }: ListCursor,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const folder = join(base, prefix.slice(0, prefix.lastIndexOf('/') + 1));
  const reading = ifPresent(readdir(folder, { recursive: true, withFileTypes: true }));
  const entries = (await onDisk(prefix, reading)) ?? [];
  const keys = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(base, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((key) => !/(?:^|\/)\./.test(key));
  for (const key of keys.sort(compareKeys)) {
    if (keysOnly) yield { key, size: 0, version: '', modifiedAt: 0 };
    else {
      const info = statFile(key, placeIn(base, key).path);
      if (info !== undefined) yield info;
    }
  }
}
