// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../../log.ts';
import { hasLayout } from '../../registry/store/ensure-layout.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { repeat } from '../repeat.ts';

const LOOK_EVERY = 10_000;

/** Whether the store is there, looked at every few seconds. */
export interface StoreWatch {
  /** The names of the checks that fail. */
  problems(): readonly string[];
  end(): void;
}

/** A disk that went away is said once, and again when it is back. */
export function watchStore(storage: StorageDriver, log: Log, interval = LOOK_EVERY): StoreWatch {
  let isThere = true;
  const look = async () => {
    const before = isThere;
    try {
      isThere = await hasLayout(storage);
      if (before && !isThere) log.warn('store-gone', { storage: storage.name });
    } catch (error) {
      isThere = false;
      if (before) log.error('store-gone', error, { storage: storage.name });
    }
    if (!before && isThere) log.info('store-back', { storage: storage.name });
  };
  const { end } = repeat(look, interval);
  return { problems: () => (isThere ? [] : ['storage']), end };
}
