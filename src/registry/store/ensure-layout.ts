// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../core/oci/json-object.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { LAYOUT_KEY } from './layout.ts';
import { createOnce, readJson } from './small-object.ts';
import { StoreError } from './store-error.ts';

const VERSION = 1;

/**
 * Makes sure that a store is laid out as this program expects; an empty one is marked as its own.
 *
 * @throws StoreError when it is not: an old program must not write where a newer one has been
 */
export async function ensureLayout(storage: StorageDriver): Promise<void> {
  await createOnce(storage, LAYOUT_KEY, JSON.stringify({ version: VERSION }));
  await hasLayout(storage);
}

/**
 * Whether a store is laid out as this program expects; false for one that nobody has marked. Writes nothing.
 *
 * @throws StoreError when it is laid out otherwise
 */
export async function hasLayout(storage: StorageDriver): Promise<boolean> {
  const found = await readJson(storage, LAYOUT_KEY);
  if (found === undefined) return false;
  const version = isObject(found) ? found['version'] : undefined;
  if (version === VERSION) return true;
  if (typeof version === 'number' && version > VERSION) {
    const message = `layout ${version} is newer than ${VERSION}, the one this program knows: use a newer program`;
    throw new StoreError('newer-layout', LAYOUT_KEY, message);
  }
  throw new StoreError('damaged', LAYOUT_KEY, 'the layout has no version');
}
