// SPDX-License-Identifier: Apache-2.0
import { randomInt, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, lstat, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectInfo } from './driver.ts';
import { ifPresent, onDisk } from './filesystem-errors.ts';

/** A finished file that no key leads to yet: on disk, and already what its object will be. */
export interface TemporaryFile {
  readonly path: string;
  readonly info: ObjectInfo;
}

export interface TemporaryFiles {
  /** Writes and syncs. What the bytes throw passes through; nothing is left then. */
  write(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    options?: { readonly isSecret?: boolean | undefined },
  ): Promise<TemporaryFile>;
  /** Makes an object of a file that is already there: syncs it and gives it a new version. */
  adopt(key: string, path: string): Promise<TemporaryFile>;
  /** Copies a plain file; undefined when there is none at `from`. */
  copy(key: string, from: string): Promise<TemporaryFile | undefined>;
}

export function openTemporaryFiles(folder: string): TemporaryFiles {
  const stamp = stamps();
  const newPath = async (): Promise<string> => {
    await mkdir(folder, { recursive: true });
    return join(folder, randomUUID());
  };
  const seal = async (key: string, path: string, handle: FileHandle): Promise<TemporaryFile> => {
    await stamp(handle);
    await handle.sync();
    return { path, info: infoOf(key, await handle.stat({ bigint: true })) };
  };
  const adopt = async (key: string, path: string): Promise<TemporaryFile> => {
    const handle = await open(path, 'r+');
    try {
      return await seal(key, path, handle);
    } finally {
      await handle.close();
    }
  };
  return {
    adopt,
    async write(key, bytes, { isSecret = false } = {}) {
      const path = await onDisk(key, newPath());
      const handle = await onDisk(key, open(path, 'wx', isSecret ? 0o600 : 0o666));
      try {
        for await (const chunk of bytes) await onDisk(key, writeWhole(handle, chunk));
        return await onDisk(key, seal(key, path, handle));
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      } finally {
        await handle.close();
      }
    },
    async copy(key, from) {
      if ((await ifPresent(lstat(from)))?.isFile() !== true) return undefined;
      const path = await newPath();
      try {
        // Where the file system can, the copy shares its blocks with the original.
        const mode = constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL;
        const isThere = await ifPresent(copyFile(from, path, mode).then(() => true));
        return isThere === true ? await adopt(key, path) : undefined;
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },
  };
}

async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, done);
    done += bytesWritten;
  }
}

interface FileFacts {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

export function infoOf(key: string, { ino, size, mtimeNs }: FileFacts): ObjectInfo {
  return {
    key,
    size: Number(size),
    version: `${ino.toString(36)}-${mtimeNs.toString(36)}`,
    modifiedAt: Number(mtimeNs / 1_000_000n),
  };
}

/**
 * Gives each file a modification time that none before had, so that number and time of a file are a version.
 *
 * File systems count time in ticks of milliseconds and use a freed number again at once: without this, a file
 * replaced twice within a tick could look unchanged. The milliseconds stay the file system's; only what is
 * below them is ours.
 */
function stamps(): (handle: FileHandle) => Promise<void> {
  let last = 0;
  return async (handle) => {
    const { mtimeMs } = await handle.stat();
    // The random part is for other processes; within this one, times only grow.
    last = Math.max(Math.floor(mtimeMs) * 1000 + randomInt(1000), last + 1);
    await handle.utimes(last / 1e6, last / 1e6);
  };
}

/** Removes what a crash left behind, by age: another process may be writing right now. */
export async function removeOld(folder: string, olderThan: number): Promise<void> {
  for (const name of (await ifPresent(readdir(folder))) ?? []) {
    const path = join(folder, name);
    const facts = await ifPresent(stat(path));
    if (facts !== undefined && Date.now() - facts.mtimeMs > olderThan) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
