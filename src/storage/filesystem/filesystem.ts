// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bytesOf } from '../body.ts';
import type { StorageDriver } from '../driver.ts';
import { checkKey } from '../key.ts';
import { listing } from '../listing.ts';
import { onDisk } from './filesystem-errors.ts';
import { openFolders } from './filesystem-folders.ts';
import { fileWalk } from './filesystem-list.ts';
import { openLocks } from './filesystem-lock.ts';
import { type Change, openPublisher, placeOf } from './filesystem-publish.ts';
import { readObject } from './filesystem-read.ts';
import { smallFiles, statFile } from './filesystem-small.ts';
import { openTemporaryFiles, removeOld, type TemporaryFile } from './filesystem-temporary.ts';
import { fileUploads } from './filesystem-uploads.ts';

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;

export interface FilesystemOptions {
  /** Milliseconds after which a lock may be taken over from a process that died holding it. */
  readonly lockLifetime?: number;
}

/**
 * Objects as files below `root`, which is made when it is first written to. Several processes may use it at
 * once. How keys become paths is in filesystem-keys.ts; the folders `.tmp` and `.uploads` hold what no key
 * leads to yet, and are swept of what a crash left there.
 */
export function filesystemDriver(
  root: string,
  { lockLifetime = 10 * SECOND }: FilesystemOptions = {},
): StorageDriver {
  const base = resolve(root);
  const temporaryFolder = join(base, '.tmp');
  const uploadFolder = join(base, '.uploads');
  const folders = openFolders(base);
  const temporary = openTemporaryFiles(temporaryFolder);
  const locks = openLocks({ staging: temporaryFolder, lifetime: lockLifetime });
  const small = smallFiles();
  const walk = fileWalk(base);
  const publisher = openPublisher(folders, locks);
  const place = (key: string) => {
    checkKey(key);
    return placeOf(base, key);
  };

  let swept: Promise<void> | undefined;
  const sweep = (): Promise<void> => {
    swept ??= Promise.all([removeOld(temporaryFolder, DAY), removeOld(uploadFolder, 7 * DAY)]).then(
      () => undefined,
      () => undefined, // what cannot be removed today does no harm but take space
    );
    return swept;
  };

  const move = (file: TemporaryFile, change?: Change) =>
    onDisk(file.info.key, publisher.publish(place(file.info.key), file, change));

  /** Whatever comes of it, the temporary file does not stay. */
  const publish = async (file: TemporaryFile, change?: Change) => {
    try {
      return await move(file, change);
    } finally {
      rmSync(file.path, { force: true });
    }
  };

  return {
    name: `file system ${base}`,
    ...fileUploads({ folder: uploadFolder, temporary, publish: move }),
    async stat(key) {
      return statFile(key, place(key).path);
    },
    async read(key, range, signal) {
      return readObject(small, { key, path: place(key).path, range, signal });
    },
    async write(key, body, options = {}) {
      place(key);
      await sweep();
      const file = await temporary.write(key, bytesOf(key, body, options), options);
      return publish(file, options);
    },
    async remove(key, options) {
      return onDisk(key, publisher.remove(place(key), options));
    },
    list: (prefix, options = {}) => listing(walk, prefix, options),
    async copy(from, to) {
      const [{ path }, target] = [place(from), place(to)];
      const file = await onDisk(target.key, temporary.copy(target.key, path));
      const info = file === undefined ? undefined : await publish(file);
      return info === 'conflict' ? undefined : info; // never: there was no condition
    },
  };
}
