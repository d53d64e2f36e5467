// SPDX-License-Identifier: Apache-2.0
import { randomInt, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
} from 'node:fs';
import { copyFile, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ObjectInfo, WriteOptions } from '../driver.ts';
import { type Descriptor, synced, writeWhole } from './filesystem-descriptor.ts';
import { ifPresent, ifThere, inTurn, onDisk } from './filesystem-errors.ts';

/** A finished file that no key leads to yet: on disk, and already what its object will be. */
export interface TemporaryFile {
  readonly path: string;
  readonly info: ObjectInfo;
}

export interface TemporaryOptions extends Pick<WriteOptions, 'isSecret' | 'isTransient'> {
  /** Instead of a name of its own. */
  readonly path?: string;
}

export interface TemporaryFiles {
  /** Writes, and syncs what is to last. What the bytes throw passes through; nothing is left then. */
  write(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    options?: TemporaryOptions,
  ): Promise<TemporaryFile>;
  /** Copies a plain file; undefined when there is none at `from`. */
  copy(key: string, from: string): Promise<TemporaryFile | undefined>;
}

export function openTemporaryFiles(folder: string): TemporaryFiles {
  const stamp = stamps();
  const newPath = () => join(folder, randomUUID());
  const seal = async (
    { key, path, isTransient = false }: SealedFile,
    file: Descriptor,
  ): Promise<TemporaryFile> => {
    stamp(file);
    if (!isTransient) await synced(file);
    return { path, info: infoOf(key, fstatSync(file, { bigint: true })) };
  };
  /** Makes an object of a file that is already there: syncs it and gives it a new version. */
  const adopt = async (key: string, path: string): Promise<TemporaryFile> => {
    const file = openSync(path, 'r+');
    try {
      return await seal({ key, path }, file);
    } finally {
      closeSync(file);
    }
  };
  const open = (path: string, isSecret = false): Descriptor => {
    ensure(dirname(path));
    return openSync(path, 'wx', isSecret ? 0o600 : 0o666);
  };
  return {
    async write(key, bytes, options = {}) {
      const { path = newPath(), isSecret, isTransient } = options;
      const file = inTurn(key, () => open(path, isSecret));
      try {
        for await (const chunk of bytes) await onDisk(key, writeWhole(file, chunk));
        return await onDisk(key, seal({ key, path, isTransient }, file));
      } catch (error) {
        rmSync(path, { force: true });
        throw error;
      } finally {
        closeSync(file);
      }
    },
    async copy(key, from) {
      const found = ifThere(key, () => lstatSync(from, { throwIfNoEntry: false }));
      if (found?.isFile() !== true) return undefined;
      const path = newPath();
      try {
        // Where the file system can, the copy shares its blocks with the original.
        const mode = constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL;
        ensure(folder);
        const copied = copyFile(from, path, mode).then(() => true);
        return (await ifPresent(copied)) === true ? await adopt(key, path) : undefined;
      } catch (error) {
        rmSync(path, { force: true });
        throw error;
      }
    },
  };
}

interface SealedFile {
  readonly key: string;
  readonly path: string;
  readonly isTransient?: boolean | undefined;
}

function ensure(folder: string): void {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
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
function stamps(): (file: Descriptor) => void {
  let last = 0;
  return (file) => {
    const { mtimeMs } = fstatSync(file);
    // The random part is for other processes; within this one, times only grow.
    last = Math.max(Math.floor(mtimeMs) * 1000 + randomInt(1000), last + 1);
    futimesSync(file, last / 1e6, last / 1e6);
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
