// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { collectingRegistry } from '../../../test/support/collecting-registry.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { LEASE_LIFETIME, takeLease } from './collection-lease.ts';
import { announceState, readCollectionState } from './collection-state.ts';
import { HEARD_WITHIN, openCondemned } from './condemned.ts';
import { createMarker, findMarker } from './condemned-marker.ts';
import { digestOf } from './verify-body.ts';

const digest = digestOf('condemned');
const NOTHING = { going: [], unsure: [] };

/** A store that has announced that `digest` is marked. */
async function announced(state: 'condemned' | 'deleting') {
  const { storage, clock, time, operations } = collectingRegistry();
  await createMarker(storage, digest, state);
  const before = await readCollectionState(storage);
  await announceState(storage, before, { condemned: 1, collectedAt: 0 });
  return { storage, clock, time, operations, condemned: openCondemned(storage, time) };
}

test('what is condemned and relied upon is alive, and what is not condemned costs nothing', async () => {
  const { storage, condemned, operations } = await announced('condemned');
  expect(await condemned.spare([digest])).toMatchObject(NOTHING);
  expect((await findMarker(storage, digest))?.state).toBe('alive');
  const before = operations();
  await condemned.spare([digestOf('another'), digestOf('a third')]);
  expect(operations()).toBe(before);
});

test('an announcement is heard a few seconds later, and until then nobody asks', async () => {
  const { storage, clock, time } = collectingRegistry();
  const condemned = openCondemned(storage, time);
  expect(await condemned.spare([digest])).toMatchObject({ generation: 0, ...NOTHING });
  await createMarker(storage, digest, 'deleting');
  const state = { condemned: 1, collectedAt: 0 };
  await announceState(storage, await readCollectionState(storage), state);
  clock.advance(HEARD_WITHIN);
  expect((await condemned.spare([digest])).generation).toBe(0);
  clock.advance(1);
  expect(await condemned.spare([digest])).toEqual({ generation: 1, going: [digest], unsure: [] });
});

test('many who ask at once make one request, and a failure is not remembered', async () => {
  const { storage, time } = await announced('condemned');
  let reads = 0;
  const failing: StorageDriver = {
    ...storage,
    read: async (key, ...rest) => {
      reads += 1;
      if (reads === 1) throw new Error('gone for a moment');
      return storage.read(key, ...rest);
    },
  };
  const condemned = openCondemned(failing, time);
  const ask = () => condemned.spare([digestOf('another')]);
  const answers = await Promise.allSettled([ask(), ask()]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(reads).toBe(1);
  expect(await ask()).toMatchObject({ generation: 1 });
});

test('who waits for a deletion goes on when it is over', async () => {
  const { storage, clock, time } = await announced('deleting');
  await takeLease(storage, time.elapsed);
  const wait = async (milliseconds: number) => {
    clock.advance(milliseconds);
    await storage.remove(`gc/condemned/${digest.replace(':', '/')}`);
  };
  await openCondemned(storage, { ...time, wait }).untilGone(digest);
  expect(await findMarker(storage, digest)).toBeUndefined();
});

test('who waits for somebody dead takes over, who then cannot go on, and gives up on somebody slow', async () => {
  const { storage, clock, time, condemned } = await announced('deleting');
  const lease = await takeLease(storage, time.elapsed);
  await expect(condemned.untilGone(digest)).rejects.toThrow('a deletion that does not end');
  clock.advance(LEASE_LIFETIME);
  await condemned.untilGone(digest);
  expect((await findMarker(storage, digest))?.state).toBe('alive');
  await expect(lease?.hold()).rejects.toThrow('somebody else has begun to collect');
});

test('a marker and a state that cannot be read are damage', async () => {
  const { storage } = await announced('condemned');
  await storage.write('gc/state', '{}');
  await expect(readCollectionState(storage)).rejects.toMatchObject({ code: 'damaged' });
  await storage.write(`gc/condemned/${digest.replace(':', '/')}`, '{"state":"?"}');
  await expect(findMarker(storage, digest)).rejects.toMatchObject({ code: 'damaged' });
});
