// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../src/storage/driver.ts';

export interface Crash {
  readonly storage: StorageDriver;
  /** Operations that were begun, the one that failed included. */
  readonly begun: () => number;
}

/**
 * A driver that dies at its `fatal`-th operation, counted from 1: that one and all later ones fail, as in a
 * process that was killed. `done` says whether the fatal one still takes effect, its answer lost.
 */
export function crashingDriver(storage: StorageDriver, fatal: number, done: boolean): Crash {
  let begun = 0;
  const step = async <T>(operation: () => Promise<T>): Promise<T> => {
    begun += 1;
    if (begun === fatal && done) await operation();
    if (begun >= fatal) throw new Error('crashed');
    return operation();
  };
  const crashing: StorageDriver = {
    name: `crashing ${storage.name}`,
    stat: (key) => step(() => storage.stat(key)),
    read: (key, range, signal) => step(() => storage.read(key, range, signal)),
    write: (key, body, options) => step(() => storage.write(key, body, options)),
    remove: (key, options) => step(() => storage.remove(key, options)),
    async *list(prefix, options) {
      await step(async () => undefined);
      yield* storage.list(prefix, options);
    },
    copy: (from, to) => step(() => storage.copy(from, to)),
    startUpload: (key, options) => step(() => storage.startUpload(key, options)),
    appendPart: (upload, body, signal) => step(() => storage.appendPart(upload, body, signal)),
    finishUpload: (upload, condition) => step(() => storage.finishUpload(upload, condition)),
    abortUpload: (upload) => step(() => storage.abortUpload(upload)),
    ...(storage.leastPart !== undefined && { leastPart: storage.leastPart }),
  };
  return { storage: crashing, begun: () => begun };
}
