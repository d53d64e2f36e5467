// SPDX-License-Identifier: Apache-2.0
import { type BucketKeys, bucketKeys } from '../bucket-keys.ts';
import { StorageError } from '../storage-error.ts';

/** Names of objects, of which Google refuses a few; behind a prefix it may not, but a key is one or it is none. */
export function gcsKeys(prefix?: string): BucketKeys {
  const keys = bucketKeys(prefix);
  return {
    ...keys,
    nameOf(key) {
      const problem = problemOf(key);
      if (problem === undefined) return keys.nameOf(key);
      throw new StorageError('invalid-key', key, `a key here ${problem}`);
    },
  };
}

function problemOf(key: string): string | undefined {
  if (/[\r\n]/.test(key)) return 'has no end of line';
  if (key === '.' || key === '..') return 'is no dot or two';
  return key.startsWith('.well-known/acme-challenge/')
    ? 'does not start with ".well-known/acme-challenge/"'
    : undefined;
}

/** As one segment of a path, or a value of a query. */
export function escapedName(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
