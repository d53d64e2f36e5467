// SPDX-License-Identifier: Apache-2.0
import { randomInt, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, ifPresent } from './filesystem-errors.ts';

/** Proof of holding a lock. */
export interface HeldLock {
  /** False once somebody took the lock over, because it was held for longer than locks last. */
  isHeld(): Promise<boolean>;
}

export interface Locks {
  /** Waits its turn. Undefined when the lock could not be had in time. Fails with ENOENT when `path`'s folder is gone. */
  hold<T>(path: string, work: (lock: HeldLock) => Promise<T>): Promise<T | undefined>;
}

export interface LockOptions {
  /** Where folders are made before they become locks; on the same file system. */
  readonly staging: string;
  /** Milliseconds a lock lasts: far longer than what is done under it. */
  readonly lifetime: number;
}

const BUSY = ['EEXIST', 'ENOTEMPTY'];

/**
 * Locks between processes. A lock is a folder that holds one file named `<expiry>-<owner>`.
 *
 * The folder is made elsewhere, with its file, and renamed into place: a rename onto a folder that is not empty
 * fails, so exactly one wins. A stale lock is taken over by removing its file by name, which exactly one
 * can, and never that of a new owner; an empty folder is free.
 */
export function openLocks({ staging, lifetime }: LockOptions): Locks {
  const takeTurn = turns();

  const acquire = async (path: string): Promise<string | undefined> => {
    const end = Date.now() + 3 * lifetime;
    while (Date.now() < end) {
      const owner = `${Date.now() + lifetime}-${randomUUID()}`;
      if (await tryAcquire(path, staging, owner)) return owner;
      if (!(await removeStale(path))) await sleep(randomInt(2, 20));
    }
    return undefined;
  };

  return {
    hold: (path, work) =>
      takeTurn(path, async () => {
        const owner = await acquire(path);
        if (owner === undefined) return undefined;
        const file = join(path, owner);
        try {
          return await work({
            isHeld: async () => (await ifPresent(access(file).then(() => true))) ?? false,
          });
        } finally {
          await release(path, file);
        }
      }),
  };
}

async function tryAcquire(path: string, staging: string, owner: string): Promise<boolean> {
  const folder = join(staging, owner);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, owner), '');
  try {
    await rename(folder, path);
    return true;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if (BUSY.includes(errorCode(error))) return false;
    throw error;
  }
}

/** Whether there was a stale owner. */
async function removeStale(path: string): Promise<boolean> {
  let found = false;
  for (const owner of (await ifPresent(readdir(path))) ?? []) {
    if (Number.parseInt(owner, 10) > Date.now()) continue;
    found = true;
    await ifPresent(unlink(join(path, owner)));
  }
  return found;
}

async function release(path: string, file: string): Promise<void> {
  try {
    await unlink(file);
    await rmdir(path);
  } catch (error) {
    // Taken over, and perhaps held by somebody else already: theirs to release.
    if (!['ENOENT', ...BUSY].includes(errorCode(error))) throw error;
  }
}

/** Those of one process wait in line, which is fair and costs no look at the disk. */
function turns(): <T>(path: string, work: () => Promise<T>) => Promise<T> {
  const lines = new Map<string, Promise<unknown>>();
  return async (path, work) => {
    const before = lines.get(path);
    const turn = (before ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    lines.set(path, settled);
    try {
      return await turn;
    } finally {
      if (lines.get(path) === settled) lines.delete(path);
    }
  };
}
