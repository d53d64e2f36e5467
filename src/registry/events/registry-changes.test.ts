// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { keysIn } from '../../../test/support/storage-reading.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { digestOf } from '../store/verify-body.ts';
import { batchKey } from './event-keys.ts';
import { openEventLog } from './event-log.ts';
import { reapEvents } from './reap-events.ts';
import { registryChanges } from './registry-changes.ts';
import type { RegistryEvent } from './registry-event.ts';

const DIGEST = digestOf('it');

function someEvent(fields: Partial<RegistryEvent>): RegistryEvent {
  const about = { id: 'x', time: '2026-01-01T00:00:00Z', repository: 'team/app', digest: DIGEST };
  return { ...about, type: 'manifest.pushed', ...fields };
}

async function filled() {
  const storage = memoryDriver();
  const { append } = openEventLog(storage);
  const subject = digestOf('what it is about');
  await append([someEvent({ subject })]);
  await append([
    someEvent({ type: 'tag.set', tag: 'v1' }),
    someEvent({ type: 'tag.deleted', tag: 'v1' }),
    someEvent({ type: 'manifest.deleted' }),
  ]);
  return { storage, append, subject, changes: registryChanges(storage) };
}

test('tells of what came, and of nothing that went, a batch at a time', async () => {
  const { changes, subject } = await filled();
  const about = { repository: 'team/app', digest: DIGEST, at: Date.UTC(2026, 0, 1) };
  const first = await changes.since('1-0');
  expect(first).toEqual({ changes: [{ ...about, subject }], cursor: '2-0' });
  expect(await changes.since('2-0')).toEqual({
    changes: [{ ...about, tag: 'v1' }],
    cursor: '3-0',
  });
  expect(await changes.since('3-0')).toEqual({ changes: [], cursor: '3-0' });
});

test('what comes after its end is told', async () => {
  const { changes, append } = await filled();
  const end = await changes.end();
  expect(end).toBe('3-0');
  await append([someEvent({ type: 'tag.set', tag: 'v2' })]);
  expect(await changes.since(end)).toMatchObject({ changes: [{ tag: 'v2' }], cursor: '4-0' });
});

test('a registry in which nothing has happened begins at its beginning', async () => {
  const storage = memoryDriver();
  const changes = registryChanges(storage);
  const end = await changes.end();
  await openEventLog(storage).append([someEvent({})]);
  expect((await changes.since(end))?.changes).toHaveLength(1);
});

test('a place in a log of which there is nothing says nothing: perhaps nobody writes one', async () => {
  expect(await registryChanges(memoryDriver()).since('1-0')).toBeUndefined();
});

test('nobody knows what comes after a place that is too old, of another log, or none', async () => {
  const { storage, changes, append } = await filled();
  expect(await registryChanges(storage).since('9-0')).toBeUndefined();
  expect(await changes.since('what?')).toBeUndefined();
  for (let count = 0; count < 3; count += 1) await append([someEvent({})]);
  await reapEvents({ storage, append, now: Date.now() + 86_400_000, keep: 3_600_000 });
  expect(await keysIn(storage, 'events/log/')).toEqual([batchKey(5)]);
  expect(await changes.since('2-0')).toBeUndefined();
  expect(await changes.since('5-0')).toMatchObject({ cursor: '6-0' });
});

test('a batch that nobody can read is as good as lost; a store that fails is an error', async () => {
  const { storage } = await filled();
  await storage.write(batchKey(2), '{');
  expect(await registryChanges(storage).since('2-0')).toBeUndefined();
  const read = async () => {
    throw new Error('the store is away');
  };
  const away = registryChanges({ ...storage, read });
  await expect(away.since('2-0')).rejects.toThrow('the store is away');
});
