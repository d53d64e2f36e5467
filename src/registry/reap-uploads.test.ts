// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { registryClient } from '../../test/support/registry-client.ts';
import { keysIn } from '../../test/support/storage-reading.ts';
import { silentLog } from '../log.ts';
import { memoryDriver } from '../storage/memory.ts';
import { reapUploads } from './reap-uploads.ts';
import { registryOf } from './registry-ports.ts';

const HOUR = 3_600_000;

/** A store, somebody who uploads to it, and a clock that both go by. */
function site() {
  const storage = memoryDriver();
  const time = { now: Date.now() };
  const ports = {
    storage,
    log: silentLog,
    settings: { uploadLifetime: HOUR },
    now: () => time.now,
  };
  const reap = () => reapUploads(registryOf(ports));
  return { storage, time, reap, client: registryClient(ports) };
}

test('an upload that nobody went on with is ended with all it has', async () => {
  const { storage, time, reap, client } = site();
  const location = await client.start('app');
  await client.ask('PATCH', location, { body: 'half' });
  time.now += HOUR;
  expect(await reap()).toEqual({ sessions: 1, orphans: 0 });
  expect(await keysIn(storage, 'uploads/')).toEqual([]);
  expect((await client.ask('GET', location)).status).toBe(404);
});

test('one that somebody went on with is left alone', async () => {
  const { time, reap, client } = site();
  const location = await client.start('app');
  time.now += HOUR - 1;
  await client.ask('PATCH', location, { body: 'half' });
  time.now += HOUR - 1;
  expect(await reap()).toEqual({ sessions: 0, orphans: 0 });
  expect((await client.ask('GET', location)).status).toBe(204);
});

test('bytes without a session go when they are as old', async () => {
  const { storage, time, reap } = site();
  await storage.write(`uploads/${'a'.repeat(32)}/data`, 'left behind');
  await storage.write('uploads/not-ours/data', 'kept');
  expect(await reap()).toEqual({ sessions: 0, orphans: 0 });
  time.now += HOUR + 1_000;
  expect(await reap()).toEqual({ sessions: 0, orphans: 1 });
  expect(await keysIn(storage, 'uploads/')).toEqual(['uploads/not-ours/data']);
});
