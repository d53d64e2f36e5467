// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import type { ObjectInfo } from '../driver.ts';
import { ifThere } from './filesystem-errors.ts';
import { infoOf } from './filesystem-temporary.ts';

/** An object with all its bytes. */
export interface SmallObject {
  readonly info: ObjectInfo;
  /** Not to be changed: whoever asks gets the same. */
  readonly bytes: Uint8Array;
}

export interface SmallFiles {
  /** Undefined when there is none; `large` for what is to be read in pieces. Throws a StorageError. */
  read(key: string, path: string): SmallObject | 'large' | undefined;
}

/** Bytes up to which an object is small: a manifest, a config, any record. */
const LARGEST = 64 * 1024;
const MOST_REMEMBERED = 16 * 1024 * 1024;
/** What remembering an object costs beside its bytes, roughly. */
const OVERHEAD = 512;

/** A symbolic link is none of our objects, and opening a pipe must not wait for its writer. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads small files in the same turn: a trip to another thread and back, four times for one read, takes ten times
 * as long as the file system does. Bytes are remembered, and used again after a look that tells whether the file is
 * still the same: every write gives it another version.
 */
export function smallFiles(): SmallFiles {
  const known = new LRUCache<string, SmallObject>({
    maxSize: MOST_REMEMBERED,
    sizeCalculation: ({ bytes }) => bytes.byteLength + OVERHEAD,
  });
  return {
    read(key, path) {
      const info = statFile(key, path);
      if (info === undefined) return undefined;
      if (info.size > LARGEST) return 'large';
      const remembered = known.get(path);
      if (remembered?.info.version === info.version) return remembered;
      const found = readWhole(key, path);
      if (typeof found === 'object') known.set(path, found);
      return found;
    },
  };
}

/** Undefined for what is not there, or no plain file. */
export function statFile(key: string, path: string): ObjectInfo | undefined {
  // Most of what is asked for and not there is plainly absent: to throw that would cost more than to look.
  const facts = ifThere(key, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  return facts?.isFile() === true ? infoOf(key, facts) : undefined;
}

function readWhole(key: string, path: string): SmallObject | 'large' | undefined {
  return ifThere(key, () => {
    const file = openSync(path, READ_FLAGS);
    try {
      const facts = fstatSync(file, { bigint: true });
      if (!facts.isFile()) return undefined;
      const info = infoOf(key, facts);
      return info.size > LARGEST ? 'large' : { info, bytes: readBytes(file, info.size) };
    } finally {
      closeSync(file);
    }
  });
}

function readBytes(file: number, size: number): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(size);
  for (let done = 0; done < size; ) {
    const count = readSync(file, buffer, done, size - done, done);
    if (count === 0) throw new Error('the file became shorter');
    done += count;
  }
  return buffer;
}
