// SPDX-License-Identifier: Apache-2.0
import { type BigIntStats, lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { sep } from 'node:path';
import { LRUCache } from 'lru-cache';
import { compareKeys } from '../key.ts';
import { ifPresent, ifThere } from './filesystem-errors.ts';
import { decodeName, isPlain } from './filesystem-keys.ts';

/**
 * What a folder holds, in byte order, without the folder's own key: the rest of an object's key; of a folder what the
 * keys below it go on with, which ends in a slash and so stands where the first of them would. Nothing when there
 * is no such folder.
 */
export type EntriesOf = (key: string, path: string) => Promise<readonly string[]>;

interface KnownFolder {
  /** Which folder it was, and when it last changed. */
  readonly state: string;
  readonly entries: readonly string[];
}

/** Below this a folder is read again faster than it is worth remembering. */
const FEW = 256;
const MOST_REMEMBERED = 150_000;
/** Milliseconds after a change from which on another one shows in the folder's time, on any file system. */
const SETTLED = 2_000;

/** Reads folders, and remembers the large ones for as long as nothing in them changes. */
export function folderEntries(): EntriesOf {
  const known = new LRUCache<string, KnownFolder>({
    maxSize: MOST_REMEMBERED,
    sizeCalculation: ({ entries }) => entries.length,
  });
  return async (key, path) => {
    const facts = statFolder(key, path);
    if (facts === undefined) return [];
    const state = `${facts.ino}-${facts.mtimeNs}-${facts.ctimeNs}`;
    const remembered = known.get(path);
    if (remembered?.state === state) return remembered.entries;
    const isSettled = Date.now() - Number(facts.mtimeMs) > SETTLED;
    const entries = inOrder(await readEntries('', path));
    if (isSettled && entries.length >= FEW) known.set(path, { state, entries });
    return entries;
  };
}

/** A symbolic link is no folder of ours: a walk never leaves the root. */
function statFolder(key: string, path: string): BigIntStats | undefined {
  const facts = ifThere(key, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  return facts?.isDirectory() === true ? facts : undefined;
}

/**
 * By names alone, which tell what is ours and which of it is a folder: to ask for types as well would take half as
 * long again. The parts of long names are followed to their ends here, so that all entries can be put in order.
 */
async function readEntries(start: string, folder: string): Promise<string[]> {
  const entries: string[] = [];
  for (const name of (await ifPresent(readdir(folder))) ?? []) {
    if (isPlain(name)) {
      entries.push(start + name);
      continue;
    }
    const decoded = decodeName(name, FOLDER_NAME.test(name));
    if (decoded === undefined) continue;
    const { kind, text } = decoded;
    if (kind === 'object') entries.push(start + text);
    if (kind === 'folder') entries.push(`${start}${text}/`);
    if (kind === 'part') entries.push(...(await partEntries(start + text, folder + sep + name)));
  }
  return entries;
}

async function partEntries(start: string, folder: string): Promise<string[]> {
  return statFolder(start, folder) === undefined ? [] : readEntries(start, folder);
}

const FOLDER_NAME = /[+%]$/;
const ASCII = /^[ -~]*$/;

/** JavaScript's own order, which is much faster to get, is that of bytes but for surrogates. */
function inOrder(names: string[]): string[] {
  return names.every((name) => ASCII.test(name)) ? names.sort() : names.sort(compareKeys);
}
