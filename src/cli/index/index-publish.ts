// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { readDigestIndex } from '../../core/digest-index/digest-index-file.ts';
import {
  formatIndexPointer,
  type IndexPointer,
  indexFileName,
  parseIndexPointer,
} from '../../core/digest-index/index-pointer.ts';
import { filesystemDriver } from '../../storage/filesystem/filesystem.ts';
import { UsageError } from '../command.ts';
import { isDriversFolder } from './index-folder.ts';

/** Where an index is published: objects of a folder, by name. */
export interface IndexPlace {
  /** For people. */
  readonly name: string;
  read(name: string): Promise<Uint8Array | undefined>;
  /** Whole or not at all. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

export const POINTER = 'index';

/** `archeion/` below a folder of blobs, written as that folder is. */
export async function placeBelow(folder: string): Promise<IndexPlace> {
  if (!(await isDriversFolder(folder))) return folderPlace(join(folder, 'archeion'));
  const storage = filesystemDriver(folder);
  return {
    name: join(folder, 'archeion'),
    async read(name) {
      const found = await storage.read(`archeion/${name}`);
      return found && buffer(found.body);
    },
    write: async (name, bytes) => void (await storage.write(`archeion/${name}`, bytes)),
  };
}

export function folderPlace(folder: string): IndexPlace {
  return {
    name: folder,
    read: (name) => readFile(join(folder, name)).catch(undefinedWhenMissing),
    async write(name, bytes) {
      await mkdir(folder, { recursive: true });
      const temporary = join(folder, `.${name}-${randomUUID()}`);
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(bytes);
        // On the disk before its name is: else a crash leaves the name with nothing behind it.
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, join(folder, name));
    },
  };
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

export async function readPointer(place: IndexPlace): Promise<IndexPointer | undefined> {
  const bytes = await place.read(POINTER);
  return bytes && parseIndexPointer(new TextDecoder().decode(bytes));
}

/**
 * The file first and the pointer last: nobody is ever led to what is not there.
 *
 * @throws UsageError for what no front would accept
 */
export async function publishIndex(place: IndexPlace, bytes: Uint8Array): Promise<IndexPointer> {
  const read = readDigestIndex(bytes);
  if (!read.ok) throw new UsageError(`no index can be made of this: ${read.problem}`);
  const hex = Buffer.from(read.file.checksum).toString('hex');
  const file = indexFileName(read.file.header.createdAt, hex);
  const pointer = { file, size: bytes.length, checksum: `sha256:${hex}` };
  await place.write(file, bytes);
  await place.write(POINTER, Buffer.from(formatIndexPointer(pointer)));
  return pointer;
}
