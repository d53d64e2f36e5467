// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { registryClient } from '../../../test/support/registry-client.ts';
import { eventsIn, tagsTold, toldIn } from '../../../test/support/registry-events.ts';
import { crashingDriver } from '../../../test/support/registry-faults.ts';
import { imageOf, pushImage, pushManifest } from '../../../test/support/registry-pushes.ts';
import { keysIn } from '../../../test/support/storage-reading.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { findTagRecord } from '../store/records.ts';
import { digestOf } from '../store/verify-body.ts';
import { lastBatch } from './event-appender.ts';
import { openEventLog } from './event-log.ts';
import { reapEvents } from './reap-events.ts';
import type { RegistryEvent } from './registry-event.ts';

const ONE = imageOf('layer');
const TWO = imageOf('layer', { annotations: { which: 'two' } });
const HOUR = 3_600_000;

function telling(storage: StorageDriver = memoryDriver()) {
  return registryClient({ storage, events: openEventLog(storage) });
}

function someEvent(id: string): RegistryEvent {
  const digest = digestOf(id);
  return { id, time: '2026-01-01T00:00:00Z', type: 'manifest.pushed', repository: 'app', digest };
}

/** A turn of the event loop or a few before each request, so that those of several replicas mix. */
function slowly(storage: StorageDriver, delays: () => number): StorageDriver {
  const wait = async () => {
    for (let turn = delays(); turn > 0; turn--) await new Promise(setImmediate);
  };
  return {
    ...storage,
    read: (...given) => wait().then(() => storage.read(...given)),
    write: (...given) => wait().then(() => storage.write(...given)),
    stat: (...given) => wait().then(() => storage.stat(...given)),
    remove: (...given) => wait().then(() => storage.remove(...given)),
  };
}

describe('what is told of pushes and deletes', () => {
  test('comes in their order, with what a tag was before', async () => {
    const client = telling();
    const push = { client, repository: 'app' };
    await pushImage({ ...push, reference: 'v1' }, ONE);
    await pushManifest({ ...push, reference: 'v1' }, TWO);
    await client.ask('DELETE', 'app/manifests/v1');
    await pushManifest({ ...push, reference: 'v2' }, TWO);
    await client.ask('DELETE', `app/manifests/${digestOf(TWO)}`);
    await client.ask('DELETE', `app/blobs/${digestOf('layer')}`);
    expect(await toldIn(client.storage)).toEqual([
      `manifest.pushed app ${digestOf(ONE)}`,
      `tag.set app:v1 ${digestOf(ONE)}`,
      `manifest.pushed app ${digestOf(TWO)}`,
      `tag.set app:v1 ${digestOf(TWO)}`,
      `tag.deleted app:v1 ${digestOf(TWO)}`,
      `tag.set app:v2 ${digestOf(TWO)}`,
      `tag.deleted app:v2 ${digestOf(TWO)}`,
      `manifest.deleted app ${digestOf(TWO)}`,
      `blob.deleted app ${digestOf('layer')}`,
    ]);
    const moved = (await eventsIn(client.storage))[3];
    expect(moved).toMatchObject({ before: digestOf(ONE), size: TWO.length });
  });

  test('leaves nothing pending, and asks the store for nothing more when nothing changes', async () => {
    const storage = memoryDriver();
    await pushImage({ client: telling(storage), repository: 'app', reference: 'v1' }, ONE);
    expect(await keysIn(storage, 'events/pending/')).toEqual([]);
    const counts = [
      registryClient,
      ({ storage: given }: { storage: StorageDriver }) => telling(given),
    ];
    const asked: number[] = [];
    for (const open of counts) {
      const counted = crashingDriver(storage, Number.POSITIVE_INFINITY, false);
      const client = open({ storage: counted.storage });
      await pushManifest({ client, repository: 'app', reference: 'v1' }, ONE);
      asked.push(counted.begun());
    }
    expect(asked[1]).toBe(asked[0]);
    expect(await lastBatch(storage)).toBe(1);
  });

  test('says nothing of what was not there to be deleted', async () => {
    const client = telling();
    for (const path of [`blobs/${digestOf('x')}`, 'manifests/v1', `manifests/${digestOf('x')}`]) {
      expect((await client.ask('DELETE', `app/${path}`)).status).toBe(404);
    }
    expect(await keysIn(client.storage, 'events/')).toEqual([]);
  });

  test('is there before somebody else changes the same thing, though its process died', async () => {
    const storage = memoryDriver();
    await pushImage({ client: telling(storage), repository: 'app', reference: 'v0' }, ONE);
    await pushManifest({ client: telling(storage), repository: 'app' }, TWO);
    // It dies as it is about to log that the tag is set.
    const dying = crashingDriver(storage, Number.POSITIVE_INFINITY, false);
    const doomed = {
      ...dying.storage,
      write: async (...given: Parameters<StorageDriver['write']>) =>
        given[0].startsWith('events/log/')
          ? Promise.reject(new Error('killed'))
          : dying.storage.write(...given),
    };
    const push = { repository: 'app', reference: 'v1' };
    expect((await pushManifest({ ...push, client: telling(doomed) }, ONE)).status).toBe(500);
    await pushManifest({ ...push, client: telling(storage) }, TWO);
    expect((await toldIn(storage)).slice(-2)).toEqual([
      `tag.set app:v1 ${digestOf(ONE)}`,
      `tag.set app:v1 ${digestOf(TWO)}`,
    ]);
  });
});

describe('the log', () => {
  test('has everything that several replicas append at once, numbered without a gap', async () => {
    const storage = memoryDriver();
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(3)), async (stream) => {
        const delays = () => stream.next().value;
        const before = (await eventsIn(storage)).length;
        const logs = [1, 2, 3].map(() => openEventLog(slowly(storage, delays)));
        const ids = logs.flatMap((log, replica) =>
          [1, 2, 3, 4].map((place) => ({ log, id: `${before}-${replica}-${place}` })),
        );
        await Promise.all(ids.map(({ log, id }) => log.append([someEvent(id)])));
        const found = (await eventsIn(storage)).slice(before).map(({ id }) => id);
        expect([...found].sort()).toEqual(ids.map(({ id }) => id).sort());
        const keys = await keysIn(storage, 'events/log/');
        expect(await lastBatch(storage)).toBe(keys.length);
      }),
      { numRuns: 30 },
    );
  });

  test('gathers what comes while a batch is written', async () => {
    const storage = memoryDriver();
    const { append } = openEventLog(storage);
    await Promise.all(['a', 'b', 'c', 'd'].map((id) => append([someEvent(id)])));
    expect(await lastBatch(storage)).toBe(2);
    expect((await eventsIn(storage)).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('goes on where others have come to, however far that is', async () => {
    const storage = memoryDriver();
    const late = openEventLog(storage);
    await late.append([someEvent('first')]);
    const busy = openEventLog(storage);
    for (let turn = 0; turn < 1_100; turn++) await busy.append([someEvent(`${turn}`)]);
    await late.append([someEvent('last')]);
    const events = await eventsIn(storage);
    expect(events).toHaveLength(1_102);
    expect(events.at(-1)?.id).toBe('last');
    expect(await openEventLog(storage).append([someEvent('after')])).toBeUndefined();
    expect(await lastBatch(storage)).toBe(1_103);
  });

  test('loses nothing to somebody who slept while what he knew was reaped', async () => {
    const storage = memoryDriver();
    let clock = Date.now();
    const sleeper = openEventLog(storage, () => clock);
    const { append } = openEventLog(storage);
    await sleeper.append([someEvent('a')]);
    await append([someEvent('b')]);
    await append([someEvent('c')]);
    await reapEvents({ storage, append, now: Date.now() + 48 * HOUR, keep: HOUR });
    expect(await keysIn(storage, 'events/log/')).toHaveLength(1);
    clock += 48 * HOUR;
    await sleeper.append([someEvent('d')]);
    expect((await eventsIn(storage)).map(({ id }) => id)).toEqual(['c', 'd']);
  });

  test('takes an event once more from whoever took too long to write it', async () => {
    const storage = memoryDriver();
    let clock = 0;
    const slow: StorageDriver = {
      ...storage,
      write: (...given) => {
        clock = clock === 0 ? HOUR : clock;
        return storage.write(...given);
      },
    };
    await openEventLog(slow, () => clock).append([someEvent('a')]);
    expect(await lastBatch(storage)).toBe(2);
    expect((await eventsIn(storage)).map(({ id }) => id)).toEqual(['a']);
  });

  test('that cannot be written to fails whoever appends, and nobody after', async () => {
    const storage = memoryDriver();
    let isBroken = true;
    const breaking: StorageDriver = {
      ...storage,
      write: (...given) => (isBroken ? Promise.reject(new Error('full')) : storage.write(...given)),
    };
    const { append } = openEventLog(breaking);
    await expect(append([someEvent('a')])).rejects.toThrow('full');
    isBroken = false;
    await append([someEvent('b')]);
    expect((await eventsIn(storage)).map(({ id }) => id)).toEqual(['b']);
  });
});

test('replicas that push, move and delete one tag at once tell where it ends up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(4)), async (stream) => {
      const storage = memoryDriver();
      await pushImage({ client: telling(storage), repository: 'app', reference: 'v1' }, ONE);
      await pushManifest({ client: telling(storage), repository: 'app' }, TWO);
      const replica = () => telling(slowly(storage, () => stream.next().value));
      const set = (text: string) =>
        pushManifest({ client: replica(), repository: 'app', reference: 'v1' }, text);
      await Promise.all([
        set(TWO),
        set(ONE),
        replica().ask('DELETE', 'app/manifests/v1'),
        set(TWO),
        replica().ask('DELETE', `app/manifests/${digestOf(ONE)}`),
        set(ONE),
      ]);
      const record = await findTagRecord(storage, 'app', 'v1');
      expect((await tagsTold(storage, 'app')).get('v1')).toBe(record?.digest);
    }),
    { numRuns: 200 },
  );
});
