// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../storage/driver.ts';
import { StoreError } from '../store/store-error.ts';
import { batchKey, LOG_PREFIX, numberOfBatch } from './event-keys.ts';
import type { RegistryEvent } from './registry-event.ts';

/** Adds to the log. Resolves when the events are in it, for good. */
export type AppendEvents = (events: readonly RegistryEvent[]) => Promise<void>;

export interface EventAppender {
  readonly append: AppendEvents;
  /** The number of a batch that is there, the last or one not long before it; 0 when there is none. */
  lastBatch(): Promise<number>;
}

/**
 * Milliseconds for which the end of the log is believed to be near where it was. Far less than events are kept: a
 * number that was used and reaped must not be taken for a free one.
 */
const END_KNOWN_FOR = 5 * 60_000;
/** Whoever loses a number was beaten by somebody who got it. */
const MOST_TURNS = 1_000;
/** Numbers lost in a row, after which it is quicker to look where the end is. */
const FEW = 8;
/** Events in one batch. */
const MOST_EVENTS = 200;

interface Waiting {
  readonly events: readonly RegistryEvent[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Appends to the log of a store, beside whoever else does. A batch is created under the number after the last one,
 * on condition that nobody has: so there is one order, and never a gap. While one batch is being written, what comes
 * gathers for the next.
 *
 * @param now milliseconds
 */
export function eventAppender(storage: StorageDriver, now: () => number): EventAppender {
  let waiting: Waiting[] = [];
  let isWriting = false;
  const end = logEnd(storage, now);

  async function writeAll(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = nextBatch(waiting);
      waiting = waiting.slice(batch.length);
      await writeBatch(
        batch.flatMap(({ events }) => events),
        end,
        storage,
      ).then(
        () => {
          for (const { resolve } of batch) resolve();
        },
        (error: unknown) => {
          for (const { reject } of batch) reject(error);
        },
      );
    }
    isWriting = false;
  }

  return {
    append: (events) =>
      new Promise((resolve, reject) => {
        waiting.push({ events, resolve, reject });
        if (!isWriting) void writeAll();
      }),
    lastBatch: () => end.last(false),
  };
}

function nextBatch(waiting: readonly Waiting[]): readonly Waiting[] {
  let size = 0;
  const count = waiting.findIndex(({ events }, index) => {
    size += events.length;
    return index > 0 && size > MOST_EVENTS;
  });
  return count === -1 ? waiting : waiting.slice(0, count);
}

async function writeBatch(
  events: readonly RegistryEvent[],
  end: LogEnd,
  storage: StorageDriver,
): Promise<void> {
  const body = JSON.stringify({ events });
  let lost = 0;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const number = (await end.last(lost >= FEW)) + 1;
    if (lost >= FEW) lost = 0;
    const written = await storage.write(batchKey(number), body, { condition: { absent: true } });
    // Took so long that the number may have been reaped and taken for a free one: once more, then.
    const isTimely = end.isKnown();
    end.reached(number);
    if (written !== 'conflict' && isTimely) return;
    if (written === 'conflict') lost += 1;
    else end.forget();
  }
  throw new StoreError(
    'damaged',
    LOG_PREFIX,
    'others were first every time an event was to be logged',
  );
}

interface LogEnd {
  /** The number of the last batch that is known of; 0 when there is none. */
  last(isStale: boolean): Promise<number>;
  isKnown(): boolean;
  reached(number: number): void;
  forget(): void;
}

function logEnd(storage: StorageDriver, now: () => number): LogEnd {
  let last: number | undefined;
  let knownAt = 0;
  const isKnown = () => last !== undefined && Math.abs(now() - knownAt) < END_KNOWN_FOR;
  return {
    isKnown,
    async last(isStale) {
      if (last !== undefined && isKnown() && !isStale) return last;
      // From before the look: what happens during it may be old by its end.
      knownAt = now();
      last = await lastBatch(storage);
      return last;
    },
    reached(number) {
      last = number;
      if (isKnown()) knownAt = now();
    },
    forget() {
      last = undefined;
    },
  };
}

/** The number of the newest batch: the last key in the last folder. */
export async function lastBatch(storage: StorageDriver): Promise<number> {
  let folder: string | undefined;
  for await (const { key } of storage.list(LOG_PREFIX, { delimiter: '/' })) folder = key;
  if (folder === undefined) return 0;
  let last: string | undefined;
  for await (const { key } of storage.list(folder)) last = key;
  // Nothing reaps the newest one, so there is one, unless a hand was at work.
  const number = last === undefined ? undefined : numberOfBatch(last);
  if (number !== undefined) return number;
  throw new StoreError('damaged', folder, 'the newest batch of events is gone');
}
