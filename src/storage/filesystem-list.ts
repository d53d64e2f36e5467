// SPDX-License-Identifier: Apache-2.0
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectInfo } from './driver.ts';
import { ifPresent, onDisk } from './filesystem-errors.ts';
import { decodeName, folderOfPrefix } from './filesystem-keys.ts';
import { infoOf } from './filesystem-temporary.ts';
import { afterPrefix, compareKeys } from './key.ts';
import type { ListCursor, Walk } from './listing.ts';

interface Entry {
  /** Of an object its key; of a folder what the keys below it start with. */
  readonly key: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/** Walks the folders below `root`, looking only into those that may hold what the cursor asks for. */
export function fileWalk(root: string): Walk {
  return (cursor) => {
    const start = cursor.prefix.slice(0, cursor.prefix.lastIndexOf('/') + 1);
    const folder = { key: start, path: join(root, folderOfPrefix(start)), isFolder: true };
    return walk(folder, cursor);
  };
}

async function* walk(
  folder: Entry,
  cursor: ListCursor,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const entries = await onDisk(folder.key, entriesOf(folder));
  // A folder's key ends in a slash: it stands where its first object would.
  entries.sort((one, other) => compareKeys(one.key, other.key));
  for (const entry of entries) {
    if (!isWanted(entry, cursor)) continue;
    if (entry.isFolder) {
      yield* walk(entry, cursor);
      continue;
    }
    const facts = await onDisk(entry.key, ifPresent(lstat(entry.path, { bigint: true })));
    if (facts !== undefined) yield infoOf(entry.key, facts);
  }
}

function isWanted({ key, isFolder }: Entry, { prefix, after }: ListCursor): boolean {
  const mayMatch = key.startsWith(prefix) || (isFolder && prefix.startsWith(key));
  return mayMatch && compareKeys(isFolder ? afterPrefix(key) : key, after) > 0;
}

/** The parts of long names are followed to their ends here, so that all entries can be put in order. */
async function entriesOf({ key, path }: Entry): Promise<Entry[]> {
  const entries: Entry[] = [];
  // Neither file nor folder is what a symbolic link is: the walk never leaves the root.
  for (const found of (await ifPresent(readdir(path, { withFileTypes: true }))) ?? []) {
    if (!found.isFile() && !found.isDirectory()) continue;
    const name = decodeName(found.name, found.isDirectory());
    if (name === undefined) continue;
    const entry = { key: key + name.text, path: join(path, found.name) };
    if (name.kind === 'object') entries.push({ ...entry, isFolder: false });
    if (name.kind === 'folder') entries.push({ ...entry, key: `${entry.key}/`, isFolder: true });
    if (name.kind === 'part') entries.push(...(await entriesOf({ ...entry, isFolder: true })));
  }
  return entries;
}
