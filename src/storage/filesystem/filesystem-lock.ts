// SPDX-License-Identifier: Apache-2.0
import { randomInt, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './filesystem-errors.ts';

/** Proof of holding a lock. */
export interface HeldLock {
  /** False once somebody took the lock over, because it was held for longer than locks last. */
  isHeld(): boolean;
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
      if (tryAcquire(path, staging, owner)) return owner;
      if (!removeStale(path)) await sleep(randomInt(2, 20));
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
          return await work({ isHeld: () => existsSync(file) });
        } finally {
          release(path, file);
        }
      }),
  };
}

function tryAcquire(path: string, staging: string, owner: string): boolean {
  const folder = join(staging, owner);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, owner), '');
  try {
    renameSync(folder, path);
    return true;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (BUSY.includes(errorCode(error))) return false;
    throw error;
  }
}

/** Whether there was a stale owner. */
function removeStale(path: string): boolean {
  let found = false;
  for (const owner of ownersIn(path)) {
    if (Number.parseInt(owner, 10) > Date.now()) continue;
    found = true;
    unless(['ENOENT'], () => unlinkSync(join(path, owner)));
  }
  return found;
}

function ownersIn(path: string): readonly string[] {
  let owners: readonly string[] = [];
  unless(['ENOENT'], () => {
    owners = readdirSync(path);
  });
  return owners;
}

/** It may have been taken over, and be held by somebody else already: theirs to release. */
function release(path: string, file: string): void {
  unless(['ENOENT', ...BUSY], () => {
    unlinkSync(file);
    rmdirSync(path);
  });
}

function unless(expected: readonly string[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!expected.includes(errorCode(error))) throw error;
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
