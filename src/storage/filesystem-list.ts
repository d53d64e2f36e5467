// SPDX-License-Identifier: Apache-2.0
import { join, sep } from 'node:path';
import type { ObjectInfo } from './driver.ts';
import { type EntriesOf, type Entry, folderEntries } from './filesystem-entries.ts';
import { onDisk } from './filesystem-errors.ts';
import { folderOfPrefix } from './filesystem-keys.ts';
import { statFile } from './filesystem-small.ts';
import { afterPrefix, compareKeys } from './key.ts';
import { keyAlone, type ListCursor, type Walk } from './listing.ts';

/** Walks the folders below `root`, looking only into those that may hold what the cursor asks for. */
export function fileWalk(root: string): Walk {
  const entriesOf = folderEntries();
  return (cursor) => {
    const start = cursor.prefix.slice(0, cursor.prefix.lastIndexOf('/') + 1);
    return walk(entriesOf, { key: start, path: join(root, folderOfPrefix(start)) }, cursor);
  };
}

interface Folder {
  readonly key: string;
  readonly path: string;
}

async function* walk(
  entriesOf: EntriesOf,
  folder: Folder,
  cursor: ListCursor,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const entries = await onDisk(folder.key, entriesOf(folder.key, folder.path));
  for (let place = firstWanted(entries, cursor); place < entries.length; place++) {
    const entry = entries[place];
    if (entry === undefined || !isWanted(entry, cursor)) continue;
    const { key, isFolder } = entry;
    if (isFolder) {
      yield* walk(entriesOf, { key, path: pathOf(entry) }, cursor);
    } else if (cursor.keysOnly) {
      yield keyAlone(key);
    } else {
      const info = statFile(key, pathOf(entry));
      if (info !== undefined) yield info;
    }
  }
}

/** Where to begin in a folder of many: what lies far before the cursor is not looked at one by one. */
function firstWanted(entries: readonly Entry[], { after, prefix }: ListCursor): number {
  const start = compareKeys(after, prefix) < 0 ? prefix : after;
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(entries[middle]?.key ?? '', start) < 0) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1); // a folder that holds the start comes before it
}

function isWanted({ key, isFolder }: Entry, { prefix, after }: ListCursor): boolean {
  const mayMatch = key.startsWith(prefix) || (isFolder && prefix.startsWith(key));
  return mayMatch && compareKeys(isFolder ? afterPrefix(key) : key, after) > 0;
}

function pathOf({ folder, name }: Entry): string {
  return folder + sep + name;
}
