// SPDX-License-Identifier: Apache-2.0
import { closeSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { synced } from './filesystem-descriptor.ts';
import { errorCode } from './filesystem-errors.ts';

/** Folders that come and go with the objects in them. */
export interface Folders {
  /** Does something that needs a folder, which is made first, and again when somebody pruned it meanwhile. */
  within<T>(folder: string, work: () => Promise<T>): Promise<T>;
  /** Removes a folder, and those above it, as far as they are empty, but for the topmost. Readers never notice. */
  prune(folder: string): void;
}

/** A folder that nine others empty at the same time is a good sign that something else is wrong. */
const ATTEMPTS = 10;

/** Memory for folder names is bounded; forgetting one costs a few system calls. */
const MOST_KNOWN = 10_000;

export function openFolders(root: string): Folders {
  // Made and on disk, as far as this process knows.
  const known = new Set<string>();

  const ensure = async (folder: string): Promise<void> => {
    if (known.has(folder)) return;
    const first = mkdirSync(folder, { recursive: true });
    const isMade = (path: string) => first !== undefined && path.length >= first.length;
    // Also those that were there: another process may have made them just now.
    const isUnsure = (path: string) => path.length > root.length && !known.has(path);
    const unsynced: string[] = [];
    for (let path = folder; isMade(path) || isUnsure(path); path = dirname(path))
      unsynced.push(path);
    for (const path of unsynced) await syncFolder(dirname(path));
    if (known.size >= MOST_KNOWN) known.clear();
    for (const path of unsynced) known.add(path);
  };

  return {
    async within(folder, work) {
      for (let attempt = 1; ; attempt++) {
        await ensure(folder);
        try {
          return await work();
        } catch (error) {
          if (errorCode(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
          known.delete(folder);
        }
      }
    },
    prune(folder) {
      // The topmost stay: those of what comes and goes would have to be made again and again.
      for (let path = folder; dirname(path).length > root.length; path = dirname(path)) {
        known.delete(path);
        try {
          rmdirSync(path);
        } catch {
          return; // not empty, or gone: either way there is nothing more to do
        }
      }
    },
  };
}

/** Makes what happened to a folder's names last. */
export async function syncFolder(folder: string): Promise<void> {
  const file = openSync(folder, 'r');
  try {
    await synced(file);
  } finally {
    closeSync(file);
  }
}
