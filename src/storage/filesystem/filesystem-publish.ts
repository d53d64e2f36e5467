// SPDX-License-Identifier: Apache-2.0
import { linkSync, renameSync, unlinkSync } from 'node:fs';
import { sep } from 'node:path';
import type { ObjectInfo, StorageDriver, WriteOptions } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
import { errorCode, ifPresent } from './filesystem-errors.ts';
import { type Folders, syncFolder } from './filesystem-folders.ts';
import { pathOfKey } from './filesystem-keys.ts';
import type { HeldLock, Locks } from './filesystem-lock.ts';
import { statFile } from './filesystem-small.ts';
import type { TemporaryFile } from './filesystem-temporary.ts';

/** Where an object is, and the lock beside it. */
export interface Place {
  readonly key: string;
  readonly folder: string;
  readonly path: string;
  readonly lock: string;
}

/** How something is changed. */
export type Change = Pick<WriteOptions, 'condition' | 'isTransient'>;

export function placeOf(root: string, key: string): Place {
  const { folder, file } = pathOfKey(key);
  const path = folder === '' ? root : root + sep + folder;
  const inside = path + sep;
  return { key, folder: path, path: inside + file, lock: `${inside}.lock-${file}` };
}

/**
 * The changes that others see at once and whole. Whatever replaces or removes an object holds its lock; the
 * file that is published may be moved or linked, and is the caller's to clean up.
 */
export interface Publisher {
  publish(place: Place, file: TemporaryFile, change?: Change): Promise<ObjectInfo | 'conflict'>;
  remove(place: Place, change?: Change): ReturnType<StorageDriver['remove']>;
}

export function openPublisher(folders: Folders, locks: Locks): Publisher {
  const underLock = async <T>(place: Place, work: (lock: HeldLock) => Promise<T>): Promise<T> => {
    const done = await locks.hold(place.lock, async (lock) => ({ result: await work(lock) }));
    if (done !== undefined) return done.result;
    throw new StorageError('failed', place.key, 'locked for too long by another process');
  };

  return {
    publish: (place, file, change = {}) =>
      folders.within(place.folder, async () => {
        const { condition } = change;
        const version =
          condition !== undefined && 'version' in condition ? condition.version : undefined;
        // Most of what is written is new, and to create it needs no lock.
        const created = version === undefined ? await create(place, file, change) : 'conflict';
        if (created !== 'conflict' || (condition !== undefined && 'absent' in condition))
          return created;
        return underLock(place, (lock) => replace({ place, file, lock, version }, change));
      }),
    async remove(place, change = {}) {
      if (statFile(place.key, place.path) === undefined) return 'absent';
      const work = underLock(place, (lock) => removeObject(place, lock, change));
      const outcome = (await ifPresent(work)) ?? 'absent'; // the folder went with its last object
      if (outcome === 'removed') folders.prune(place.folder);
      return outcome;
    },
  };
}

/** A link fails when the name is taken, and needs no lock: nothing that was there goes. */
async function create(
  place: Place,
  file: TemporaryFile,
  change: Change,
): Promise<ObjectInfo | 'conflict'> {
  try {
    linkSync(file.path, place.path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return 'conflict';
    throw error;
  }
  await makeLasting(place, change);
  return file.info;
}

interface Replacement {
  readonly place: Place;
  readonly file: TemporaryFile;
  readonly lock: HeldLock;
  readonly version: string | undefined;
}

async function replace(
  { place, file, lock, version }: Replacement,
  change: Change,
): Promise<ObjectInfo | 'conflict'> {
  if (version !== undefined && statFile(place.key, place.path)?.version !== version)
    return 'conflict';
  requireHeld(place, lock);
  renameSync(file.path, place.path);
  await makeLasting(place, change);
  return file.info;
}

async function removeObject(
  place: Place,
  lock: HeldLock,
  change: Change,
): ReturnType<StorageDriver['remove']> {
  const { condition } = change;
  const found = statFile(place.key, place.path);
  if (found === undefined) return 'absent';
  if (condition !== undefined && ('absent' in condition || condition.version !== found.version)) {
    return 'conflict';
  }
  requireHeld(place, lock);
  unlinkSync(place.path);
  await makeLasting(place, change);
  return 'removed';
}

async function makeLasting({ folder }: Place, { isTransient = false }: Change): Promise<void> {
  if (!isTransient) await syncFolder(folder);
}

/** A process that slept through its lock's lifetime changes nothing any more. */
function requireHeld({ key }: Place, lock: HeldLock): void {
  if (!lock.isHeld()) throw new StorageError('failed', key, 'lost the lock: it took too long');
}
