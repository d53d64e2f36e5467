// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../src/storage/driver.ts';

/** Somebody whose operations on a store are let through as far as a test says. */
export interface Actor {
  /** The store as this one sees it. */
  readonly storage: StorageDriver;
  /** Lets through as many operations as there have been by then, and comes back when they are done or there are no more. */
  upTo(operations: number): Promise<void>;
  /** Operations that were begun. */
  begun(): number;
}

/**
 * Runs `work` on a driver that holds each operation back until it is allowed. Nothing else may be waited for in the
 * work: then whoever is held back stands still, and each order of operations can be had again.
 */
export function actor(
  driver: StorageDriver,
  work: (storage: StorageDriver) => Promise<unknown>,
): Actor {
  let [begun, allowed, isOver] = [0, 0, false];
  const held: Array<() => void> = [];
  const turn = async (): Promise<void> => {
    begun += 1;
    if (begun > allowed) await new Promise<void>((resolve) => held.push(resolve));
  };
  const storage = gated(driver, turn);
  let ended: Promise<unknown> | undefined;
  return {
    storage,
    begun: () => begun,
    async upTo(operations) {
      ended ??= work(storage).finally(() => {
        isOver = true;
      });
      ended.catch(() => undefined);
      await idle();
      while (!isOver && allowed < operations) {
        allowed += 1;
        held.shift()?.();
        await idle();
      }
      if (isOver) await ended;
    },
  };
}

/** Until everything that can go on without being let has done so: the store in memory needs no more than turns. */
async function idle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function gated(driver: StorageDriver, turn: () => Promise<void>): StorageDriver {
  const after = <T>(operation: () => Promise<T>): Promise<T> => turn().then(operation);
  return {
    name: `held back ${driver.name}`,
    stat: (key) => after(() => driver.stat(key)),
    read: (key, range, signal) => after(() => driver.read(key, range, signal)),
    write: (key, body, options) => after(() => driver.write(key, body, options)),
    remove: (key, options) => after(() => driver.remove(key, options)),
    async *list(prefix, options) {
      await turn();
      yield* driver.list(prefix, options);
    },
    copy: (from, to) => after(() => driver.copy(from, to)),
    startUpload: (key, options) => after(() => driver.startUpload(key, options)),
    appendPart: (upload, body, signal) => after(() => driver.appendPart(upload, body, signal)),
    finishUpload: (upload, condition) => after(() => driver.finishUpload(upload, condition)),
    abortUpload: (upload) => after(() => driver.abortUpload(upload)),
  };
}
