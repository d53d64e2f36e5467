// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../command.ts';

/**
 * Makes sure that one process at a time works on a data folder. The lock of a process that is gone
 * does not count. Returns what gives it back.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'lock');
  while (!(await tryCreate(file))) {
    const owner = await ownerOf(file);
    if (owner !== undefined && isRunning(owner)) {
      throw new UsageError(
        `"${folder}" is in use by process ${owner}: stop it, or give another folder with --data`,
      );
    }
    await removeStale(file);
  }
  return () => rm(file, { force: true });
}

/** Takes a stale lock away by a name of our own: whoever finds a living owner in its hands puts the lock back. */
async function removeStale(file: string): Promise<void> {
  const taken = `${file}.${process.pid}`;
  try {
    await rename(file, taken);
  } catch {
    return; // somebody else was faster
  }
  const owner = await ownerOf(taken);
  if (owner !== undefined && isRunning(owner)) await rename(taken, file);
  else await rm(taken, { force: true });
}

async function tryCreate(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function ownerOf(file: string): Promise<number | undefined> {
  try {
    const owner = Number.parseInt(await readFile(file, 'utf8'), 10);
    return Number.isInteger(owner) && owner > 0 ? owner : undefined;
  } catch {
    return undefined; // given back between our two looks
  }
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is there as well, it only may not be signalled.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
