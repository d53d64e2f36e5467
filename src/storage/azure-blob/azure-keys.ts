// SPDX-License-Identifier: Apache-2.0
import { type BucketKeys, bucketKeys } from '../bucket-keys.ts';
import { StorageError } from '../storage-error.ts';

/**
 * Names of blobs. Azure takes `\` for `/`, tidies up segments of dots, and loses dots at the end of a name, so a key
 * that ends with one (as a tag may) is followed by a `!`, and one that ends with a dot and some of these gets one more.
 * They still sort as keys do, since no name has what comes before `!` but the space.
 */
export function azureKeys(prefix?: string): BucketKeys {
  const keys = bucketKeys(prefix);
  return {
    nameOf(key) {
      const name = keys.nameOf(key);
      const problem = problemOf(name);
      if (problem !== undefined)
        throw new StorageError('invalid-key', key, `a key here ${problem}`);
      return ENDS_WITH_DOT.test(name) ? `${name}!` : name;
    },
    nameBelow: keys.nameBelow,
    keyOf(name) {
      const key = keys.keyOf(name);
      return ENDS_WITH_DOT.test(key) ? key.replace(/!$/, '') : key;
    },
  };
}

const ENDS_WITH_DOT = /\.!*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

function problemOf(name: string): string | undefined {
  if (name.includes('\\')) return 'has no backslash';
  if (CONTROL.test(name)) return 'has no control character';
  return name.includes('./') ? 'has no segment but its last that ends with a dot' : undefined;
}
