// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { keysIn } from '../../../test/support/storage-reading.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { digestOf } from '../store/verify-body.ts';
import { formatCursor, logFrom, parseCursor, readLog, START } from './event-follower.ts';
import { batchKey, deadKey, numberOfBatch, pendingKey } from './event-keys.ts';
import { openEventLog } from './event-log.ts';
import { reapEvents } from './reap-events.ts';
import { parseEvents, type RegistryEvent } from './registry-event.ts';

const LATER = Date.now() + 86_400_000;
const HOUR = 3_600_000;

function someEvent(id: string, fields: Partial<RegistryEvent> = {}): RegistryEvent {
  const time = '2026-01-01T00:00:00Z';
  return { id, time, type: 'manifest.pushed', repository: 'team/app', ...fields };
}

async function filled(...batches: ReadonlyArray<readonly string[]>) {
  const storage = memoryDriver();
  const { append } = openEventLog(storage);
  for (const ids of batches) await append(ids.map((id) => someEvent(id)));
  const read = async (cursor: string) => {
    const from = parseCursor(cursor);
    const found: string[] = [];
    const missed: number[] = [];
    for await (const { event, cursor } of logFrom(storage, from ?? START, (n) => missed.push(n))) {
      found.push(`${event.id} ${formatCursor(cursor)}`);
    }
    return { found, missed };
  };
  return { storage, append, read };
}

test('whoever reads on from a cursor gets what comes after it, in the middle of a batch too', async () => {
  const { read } = await filled(['a', 'b'], ['c']);
  expect((await read('')).found).toEqual(['a 1-1', 'b 2-0', 'c 3-0']);
  expect((await read('1-1')).found).toEqual(['b 2-0', 'c 3-0']);
  expect((await read('3-0')).found).toEqual([]);
});

test('whoever comes too late is told how much they missed, and whoever begins is not', async () => {
  const { storage, append, read } = await filled(['a'], ['b'], ['c'], ['d']);
  const reaped = await reapEvents({ storage, append, now: LATER, keep: HOUR });
  expect(reaped).toEqual({ recovered: 0, removed: 3 });
  expect(await read('')).toEqual({ found: ['d 5-0'], missed: [] });
  expect(await read('2-0')).toEqual({ found: ['d 5-0'], missed: [2] });
  expect(await read('5-0')).toEqual({ found: [], missed: [] });
});

test('what is young stays, and of the dead nothing has to', async () => {
  const { storage, append } = await filled(['a'], ['b']);
  await storage.write(deadKey('scanner', 'x'), '{}');
  expect(await reapEvents({ storage, append, now: Date.now(), keep: HOUR })).toEqual({
    recovered: 0,
    removed: 0,
  });
  await reapEvents({ storage, append, now: LATER, keep: HOUR });
  expect(await keysIn(storage, 'events/')).toEqual([batchKey(2)]);
});

test('an intent is recovered when it is old, kept while it is young or damaged, and forgotten when it came to nothing', async () => {
  const { storage, append } = await filled(['a']);
  const digest = digestOf('x');
  const write = (id: string, events: unknown) =>
    storage.write(pendingKey('team/app', id), JSON.stringify({ logged: 0, events }));
  await write('gone', [someEvent('1', { type: 'tag.deleted', tag: 'v1' })]);
  await write('blob', [someEvent('2', { type: 'blob.deleted', digest })]);
  await write('nothing', [
    someEvent('3', { digest }),
    someEvent('4', { type: 'tag.set', tag: 'v1' }),
  ]);
  await write('odd', [someEvent('5'), someEvent('6', { type: 'blob.deleted' })]);
  await write('damaged', 'no list');
  const reap = (now: number) => reapEvents({ storage, append, now, keep: HOUR });
  expect(await reap(Date.now())).toEqual({ recovered: 0, removed: 0 });
  expect(await reap(LATER)).toMatchObject({ recovered: 2 });
  expect(await keysIn(storage, 'events/pending/')).toEqual([pendingKey('team/app', 'damaged')]);
});

test('a batch that is damaged is said to be', async () => {
  const { storage } = await filled(['a']);
  await storage.write(batchKey(2), '{"events":[{"id":1}]}');
  await expect(readLog(storage, { batch: 2, index: 0 })).rejects.toThrow('no list of events');
});

test.each([
  [null],
  [{ events: {} }],
  [{ events: [null] }],
  [{ events: [{ ...someEvent('a'), type: 'other' }] }],
  [{ events: [{ ...someEvent('a'), digest: 'sha256:x' }] }],
  [{ events: [{ ...someEvent('a'), tag: 1 }] }],
])('%j is no list of events', (value) => {
  expect(parseEvents(value)).toBeUndefined();
});

test('numbers and keys of batches are the same in both directions, and in the order of keys', () => {
  const numbers = [1, 999, 1_000, 123_456_789];
  expect(numbers.map((number) => numberOfBatch(batchKey(number)))).toEqual(numbers);
  expect([...numbers.map(batchKey)].sort()).toEqual(numbers.map(batchKey));
  expect(numberOfBatch('events/log/x')).toBeUndefined();
});

test.each(['', '1', '1-', 'x-1', '-1-1', '1-1-1'])('"%s" is no cursor', (text) => {
  expect(parseCursor(text)).toBeUndefined();
});
