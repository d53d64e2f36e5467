// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { ObjectInfo } from '../driver.ts';
import { afterPrefix, compareKeys } from '../key.ts';
import { keyAlone, type ListCursor, type Walk } from '../listing.ts';
import { folderEntries } from './filesystem-entries.ts';
import { onDisk } from './filesystem-errors.ts';
import { folderOfPrefix } from './filesystem-keys.ts';
import { placeOf } from './filesystem-publish.ts';
import { statFile } from './filesystem-small.ts';

/** Walks the folders below `root`, looking only into those that may hold what the cursor asks for. */
export function fileWalk(root: string): Walk {
  const entriesOf = folderEntries();
  async function* walk(
    folder: string,
    cursor: ListCursor,
  ): AsyncGenerator<ObjectInfo, void, undefined> {
    const entries = await onDisk(folder, entriesOf(folder, join(root, folderOfPrefix(folder))));
    for (let place = firstWanted(folder, entries, cursor); place < entries.length; place++) {
      const key = folder + entries[place];
      if (!isWanted(key, cursor)) continue;
      if (isFolder(key)) yield* walk(key, cursor);
      else if (cursor.keysOnly) yield keyAlone(key);
      else yield* ifStored(statFile(key, placeOf(root, key).path));
    }
  }
  return (cursor) => walk(cursor.prefix.slice(0, cursor.prefix.lastIndexOf('/') + 1), cursor);
}

function ifStored(info: ObjectInfo | undefined): readonly ObjectInfo[] {
  return info === undefined ? [] : [info];
}

function isFolder(key: string): boolean {
  return key.endsWith('/');
}

/** Where to begin in a folder of many: what lies far before the cursor is not looked at one by one. */
function firstWanted(
  folder: string,
  entries: readonly string[],
  { after, prefix }: ListCursor,
): number {
  const start = compareKeys(after, prefix) < 0 ? prefix : after;
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(folder + entries[middle], start) < 0) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1); // a folder that holds the start comes before it
}

function isWanted(key: string, { prefix, after }: ListCursor): boolean {
  const holdsMore = isFolder(key);
  const mayMatch = key.startsWith(prefix) || (holdsMore && prefix.startsWith(key));
  return mayMatch && compareKeys(holdsMore ? afterPrefix(key) : key, after) > 0;
}
