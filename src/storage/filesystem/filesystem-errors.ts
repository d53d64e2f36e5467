// SPDX-License-Identifier: Apache-2.0
import { StorageError, type StorageErrorCode } from '../storage-error.ts';

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENAMETOOLONG: 'invalid-key',
};

/** Waits for the file system; whatever it fails with becomes a StorageError that names the key. */
export async function onDisk<T>(key: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storageErrorOf(key, error);
  }
}

/** The same for work that is done in the same turn. */
export function inTurn<T>(key: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageErrorOf(key, error);
  }
}

export function storageErrorOf(key: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = errorCode(error);
  const message = error instanceof Error ? error.message : 'failed';
  return new StorageError(CODES[code] ?? 'failed', key, message, error);
}

/** `ENOENT` and the like; empty for anything else. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** The result of looking something up; undefined when it is not there, or no plain file. */
export async function ifPresent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** The same for work that is done in the same turn; another failure becomes a StorageError that names the key. */
export function ifThere<T>(key: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw storageErrorOf(key, error);
  }
}

/** ELOOP is a symbolic link met by O_NOFOLLOW: none of our objects. */
function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error));
}
