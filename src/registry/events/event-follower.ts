// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../storage/driver.ts';
import { readJson } from '../store/small-object.ts';
import { StoreError } from '../store/store-error.ts';
import { batchKey, LOG_PREFIX, numberOfBatch } from './event-keys.ts';
import { parseEvents, type RegistryEvent } from './registry-event.ts';

/** Where somebody goes on reading: at this event of this batch, counted from 0. */
export interface Cursor {
  readonly batch: number;
  readonly index: number;
}

/** Before everything. */
export const START: Cursor = { batch: 1, index: 0 };

export function formatCursor({ batch, index }: Cursor): string {
  return `${batch}-${index}`;
}

export function parseCursor(text: string): Cursor | undefined {
  const match = /^(\d{1,15})-(\d{1,5})$/.exec(text);
  return match === null ? undefined : { batch: Number(match[1]), index: Number(match[2]) };
}

export interface LoggedEvent {
  readonly event: RegistryEvent;
  /** Where to go on after this event. */
  readonly cursor: Cursor;
}

export interface LogPage {
  /** In the order of the log; none when there is no more for now. */
  readonly events: readonly LoggedEvent[];
  /** Batches that were reaped before they were read. */
  readonly missed: number;
}

/**
 * What comes next in the log, a batch at a time. Batches are numbered without a gap, so whoever reads the next number
 * until there is none has read everything.
 *
 * @throws StoreError for a batch that is damaged
 */
export async function readLog(storage: StorageDriver, at: Cursor): Promise<LogPage> {
  const events = await eventsOf(storage, at);
  if (events !== undefined && events.length > 0) return { events, missed: 0 };
  const oldest = await firstBatch(storage, at.batch + 1);
  if (oldest === undefined) return { events: [], missed: 0 };
  // Nobody missed anything who reads from the start of a log whose beginning is gone.
  const isFollowing = at.batch !== START.batch && events === undefined;
  const missed = isFollowing ? oldest - at.batch : 0;
  return { events: (await eventsOf(storage, { batch: oldest, index: 0 })) ?? [], missed };
}

/** The rest of a batch; undefined when it is not there. */
async function eventsOf(
  storage: StorageDriver,
  { batch, index }: Cursor,
): Promise<readonly LoggedEvent[] | undefined> {
  const key = batchKey(batch);
  const found = await readJson(storage, key);
  if (found === undefined) return undefined;
  const events = parseEvents(found);
  if (events === undefined) throw new StoreError('damaged', key, 'no list of events');
  const next = (place: number) =>
    place === events.length ? { batch: batch + 1, index: 0 } : { batch, index: place };
  return events.map((event, place) => ({ event, cursor: next(place + 1) })).slice(index);
}

async function firstBatch(storage: StorageDriver, from: number): Promise<number | undefined> {
  const after = batchKey(from - 1);
  for await (const { key } of storage.list(LOG_PREFIX, { after, limit: 1 })) {
    return numberOfBatch(key);
  }
  return undefined;
}

/** All that is in the log by now, from a cursor on. */
export async function* logFrom(
  storage: StorageDriver,
  from: Cursor,
  onMissed: (batches: number) => void = () => {},
): AsyncGenerator<LoggedEvent, void, undefined> {
  let cursor = from;
  for (;;) {
    const { events, missed } = await readLog(storage, cursor);
    if (missed > 0) onMissed(missed);
    const last = events.at(-1);
    if (last === undefined) return;
    yield* events;
    cursor = last.cursor;
  }
}
