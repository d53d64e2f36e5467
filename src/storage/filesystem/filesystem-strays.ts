// SPDX-License-Identifier: Apache-2.0
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { compareKeys } from '../key.ts';
import { ifPresent } from './filesystem-errors.ts';
import { decodeName } from './filesystem-keys.ts';

export interface StrayFile {
  /** Below the root. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'symbolic link' | 'special file';
}

/** The driver's own, and what file systems put at their top. */
const OWN = ['.tmp', '.uploads', 'lost+found'];

/** What lies in a folder of the file system driver and no key leads to. Symbolic links are not followed. */
export async function* strayFiles(root: string): AsyncGenerator<StrayFile, void, undefined> {
  yield* straysIn(root, root);
}

async function* straysIn(root: string, folder: string): AsyncGenerator<StrayFile, void, undefined> {
  const entries = (await ifPresent(readdir(folder, { withFileTypes: true }))) ?? [];
  entries.sort((one, other) => compareKeys(one.name, other.name));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const isOwn = folder === root && OWN.includes(entry.name);
    if (isOwn || isLock(entry)) continue;
    if (!isOfKey(entry)) yield { path: relative(root, path), kind: kindOf(entry) };
    else if (entry.isDirectory()) yield* straysIn(root, path);
  }
}

function isLock(entry: Dirent): boolean {
  return entry.isDirectory() && entry.name.startsWith('.lock-');
}

function isOfKey(entry: Dirent): boolean {
  if (!entry.isFile() && !entry.isDirectory()) return false;
  return decodeName(entry.name, entry.isDirectory()) !== undefined;
}

function kindOf(entry: Dirent): StrayFile['kind'] {
  if (entry.isSymbolicLink()) return 'symbolic link';
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'special file';
}
