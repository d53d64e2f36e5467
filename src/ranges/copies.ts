// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the last good copies of feeds are kept. */
export interface RangeCopies {
  /** Undefined when there is no such file. */
  read(file: string): Promise<string | undefined>;
  /** All or nothing: whoever reads meanwhile sees the old file or the new one. */
  write(file: string, text: string): Promise<void>;
  /** Also when it is not there. */
  remove(file: string): Promise<void>;
  list(): Promise<readonly string[]>;
}

export function folderCopies(folder: string): RangeCopies {
  return {
    read: (file) => unlessAbsent(readFile(join(folder, file), 'utf8')),
    async write(file, text) {
      await mkdir(folder, { recursive: true });
      // Two processes may share a folder, and each needs a file of its own until it is renamed.
      const temporary = join(folder, `.${file}.${randomUUID()}`);
      try {
        await writeFile(temporary, text, { flag: 'wx', flush: true });
        await rename(temporary, join(folder, file));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    remove: (file) => rm(join(folder, file), { force: true }),
    list: async () => (await unlessAbsent(readdir(folder))) ?? [],
  };
}

async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
