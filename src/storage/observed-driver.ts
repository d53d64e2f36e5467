// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from './driver.ts';

export type StoreOperation =
  | 'stat'
  | 'read'
  | 'write'
  | 'remove'
  | 'list'
  | 'copy'
  | 'start-upload'
  | 'append-part'
  | 'finish-upload'
  | 'abort-upload'
  | 'direct-url';

/** `absent`: what was asked for is not there. `conflict`: a condition did not hold. */
export type StoreOutcome = 'ok' | 'absent' | 'conflict' | 'failed';

/** One request to a store has ended, after so many seconds: a read with its first byte, a list with its first key. */
export type ObserveStore = (
  operation: StoreOperation,
  outcome: StoreOutcome,
  seconds: number,
) => void;

/**
 * A driver that tells of every request to it, whichever driver it is.
 *
 * @param now seconds, from whenever
 */
export function observedDriver(
  driver: StorageDriver,
  observe: ObserveStore,
  now: () => number,
): StorageDriver {
  const watch = async <T>(operation: StoreOperation, request: () => Promise<T>): Promise<T> => {
    const start = now();
    try {
      const result = await request();
      observe(operation, outcomeOf(result), now() - start);
      return result;
    } catch (error) {
      observe(operation, 'failed', now() - start);
      throw error;
    }
  };
  const { directUrl } = driver;
  return {
    ...driver,
    stat: (key) => watch('stat', async () => (await driver.stat(key)) ?? 'absent').then(present),
    read: (key, range, signal) =>
      watch('read', async () => (await driver.read(key, range, signal)) ?? 'absent').then(present),
    write: (key, body, options) => watch('write', () => driver.write(key, body, options)),
    remove: (key, options) => watch('remove', () => driver.remove(key, options)),
    list: (prefix, options) => watchList(driver.list(prefix, options), { observe, now }),
    copy: (from, to) =>
      watch('copy', async () => (await driver.copy(from, to)) ?? 'absent').then(present),
    startUpload: (key, options) => watch('start-upload', () => driver.startUpload(key, options)),
    appendPart: (upload, body, signal) =>
      watch('append-part', () => driver.appendPart(upload, body, signal)),
    finishUpload: (upload, condition) =>
      watch('finish-upload', () => driver.finishUpload(upload, condition)),
    abortUpload: (upload) => watch('abort-upload', () => driver.abortUpload(upload)),
    ...(directUrl && {
      directUrl: (key, options) => watch('direct-url', () => directUrl.call(driver, key, options)),
    }),
  };
}

function outcomeOf(result: unknown): StoreOutcome {
  return result === 'absent' || result === 'conflict' ? result : 'ok';
}

function present<T extends object>(result: T | 'absent'): T | undefined {
  return result === 'absent' ? undefined : result;
}

interface ListWatch {
  readonly observe: ObserveStore;
  readonly now: () => number;
}

/** Until the first key: what comes after it is as slow as whoever reads. */
async function* watchList<T>(
  list: AsyncIterable<T>,
  { observe, now }: ListWatch,
): AsyncGenerator<T, void, undefined> {
  const start = now();
  let isSaid = false;
  const say = (outcome: StoreOutcome) => {
    if (!isSaid) observe('list', outcome, now() - start);
    isSaid = true;
  };
  try {
    for await (const entry of list) {
      say('ok');
      yield entry;
    }
    say('ok');
  } catch (error) {
    isSaid = false;
    say('failed');
    throw error;
  }
}
