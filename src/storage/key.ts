// SPDX-License-Identifier: Apache-2.0
import { StorageError } from './storage-error.ts';

/** What the strictest object store takes, in bytes of UTF-8. */
const LONGEST = 1024;

/**
 * Refuses what some store could not hold or would take for another key.
 *
 * @throws StorageError `invalid-key`
 */
export function checkKey(key: string): void {
  const problem = problemOf(key);
  if (problem !== undefined) throw new StorageError('invalid-key', key, `a key ${problem}`);
}

function problemOf(key: string): string | undefined {
  if (key === '') return 'is not empty';
  if (key.includes('\0')) return 'has no NUL';
  if (!key.isWellFormed()) return 'is well-formed Unicode';
  if (key.startsWith('/') || key.endsWith('/') || key.includes('//')) return 'has no empty segment';
  return Buffer.byteLength(key) > LONGEST ? `is at most ${LONGEST} bytes` : undefined;
}

/** The byte order of UTF-8, which is not the order of JavaScript's strings. */
export function compareKeys(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (a !== b) return rank(a) - rank(b);
  }
  return one.length - other.length;
}

/** Surrogates stand for characters of four bytes, which come after all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Comes after the keys that start with `prefix` (but for noncharacters), before all others that come after them. */
export function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}
