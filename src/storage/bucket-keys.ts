// SPDX-License-Identifier: Apache-2.0
import { checkKey } from './key.ts';
import { StorageError } from './storage-error.ts';

/**
 * What the driver keeps for itself: the parts of uploads that are not finished. Never listed, and no key of
 * anybody else's: a bucket has no other place for what is no object yet.
 */
export const HIDDEN = '.archeion/';

/** Where the parts of unfinished uploads are. */
export const PARTS_PREFIX = `${HIDDEN}uploads/`;

/** Names of objects in a bucket: keys, behind the prefix that is ours. */
export interface BucketKeys {
  /** @throws StorageError `invalid-key` */
  nameOf(key: string): string;
  /** Of a prefix of keys, or of what the driver keeps for itself. */
  nameBelow(text: string): string;
  keyOf(name: string): string;
}

export function bucketKeys(prefix = ''): BucketKeys {
  const base = prefix === '' ? '' : `${prefix.replace(/\/+$/, '')}/`;
  return {
    nameOf(key) {
      checkKey(key);
      if (!key.startsWith(HIDDEN)) return base + key;
      throw new StorageError('invalid-key', key, `a key does not start with "${HIDDEN}"`);
    },
    nameBelow: (text) => base + text,
    keyOf: (name) => name.slice(base.length),
  };
}
