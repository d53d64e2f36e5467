// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { crashingDriver } from '../../test/support/registry-faults.ts';
import { addImage } from '../../test/support/registry-images.ts';
import { keysIn } from '../../test/support/storage-reading.ts';
import { parseSelection } from '../core/mirroring/selection.ts';
import { parseBlobPath } from '../core/routing/blob-path.ts';
import { openEventLog } from '../registry/events/event-log.ts';
import { registryChanges } from '../registry/events/registry-changes.ts';
import { importImage } from '../registry/transfer/import.ts';
import { memorySource } from '../registry/transfer/memory-source.ts';
import { storeSource } from '../registry/transfer/store-source.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { prepareMirror } from './mirror.ts';
import { takeUp } from './take-up.ts';

const IMAGES = 'containers/images/';
const HOUR = 3_600_000;
const PORTS = { sleep: async () => {}, random: () => 0, retries: 0, backoff: 1, patience: 1_000 };

function world() {
  const storage = memoryDriver();
  const events = openEventLog(storage);
  const images = memorySource('test');
  const clock = { now: Date.now() };
  const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail('it is a path');
  return {
    storage,
    clock,
    async push(repository: string, content: string) {
      const { digest } = addImage(images, content);
      images.tag('it', digest);
      const tell = () => events.tell({ repository, by: undefined });
      const about = { source: images, storage, repository, reference: 'it', tag: 'v1' };
      await importImage({ ...about, tell });
      return digest;
    },
    /** One run, as a process does it; says what it looked at. */
    async run(stores: Readonly<Record<string, StorageDriver>>, wish = 'this') {
      const mirror = {
        source: storeSource(storage),
        selections: [parseSelection('team/**') ?? expect.fail()],
        targets: Object.entries(stores).map(([name, store]) => {
          return { name, store, blobPath, publicUrl: `https://${name}.example` };
        }),
        isImmutable: () => false,
        includesManifests: true,
        referrersAfter: HOUR,
        declared: new Map(),
        index: { validFor: 24 * HOUR, privateKey: undefined, every: HOUR },
        now: () => (clock.now += 1),
        onProblem: () => {},
        signal: new AbortController().signal,
      };
      const feed = registryChanges(storage);
      const taken = await takeUp({ mirror, feed, wish, sweepEvery: HOUR });
      const { changes } = taken;
      const prepared = await prepareMirror({
        ...mirror,
        isDryRun: false,
        ...(changes && { changes }),
      });
      const done = await prepared.carryOut(PORTS, 1);
      if (prepared.isWhole && done.length === mirror.targets.length) await taken.remember();
      return prepared.isPartial ? [...(changes ?? new Map()).keys()] : 'everything';
    },
  };
}

async function heldIn(store: StorageDriver): Promise<string[]> {
  return (await keysIn(store, IMAGES)).map((key) => key.slice(IMAGES.length));
}

describe('a run', () => {
  test('looks at everything once, and then at what is new', async () => {
    const { push, run } = world();
    const stores = { dublin: memoryDriver(), paris: memoryDriver() };
    await push('team/a', 'one');
    expect(await run(stores)).toBe('everything');
    expect(await run(stores)).toEqual([]);
    await push('other', 'none of ours');
    const digest = await push('team/b', 'two');
    expect(await run(stores)).toEqual(['team/b']);
    expect(await heldIn(stores.paris)).toContain(digest);
    expect(await run(stores)).toEqual([]);
  });

  test('looks at everything for another wish, and when that was long ago', async () => {
    const { push, run, clock } = world();
    const stores = { dublin: memoryDriver() };
    await push('team/a', 'one');
    await run(stores);
    expect(await run(stores, 'that')).toBe('everything');
    clock.now += HOUR;
    expect(await run(stores, 'that')).toBe('everything');
    expect(await run({ ...stores, paris: memoryDriver() }, 'that')).toBe('everything');
  });

  test('of a registry that logs no events always looks at everything', async () => {
    const { storage, push, run } = world();
    const stores = { dublin: memoryDriver() };
    await push('team/a', 'one');
    for (const key of await keysIn(storage, 'events/')) await storage.remove(key);
    expect(await run(stores)).toBe('everything');
    expect(await run(stores)).toBe('everything');
  });

  test.each([true, false])(
    'may die anywhere, and the next one brings what it did not: %s',
    async (done) => {
      let [fatal, isOver] = [1, false];
      for (; !isOver; fatal += 1) {
        const { push, run } = world();
        const stores = { dublin: memoryDriver(), paris: memoryDriver() };
        await push('team/a', 'one');
        await run(stores);
        const digest = await push('team/b', 'two');
        const crashing = crashingDriver(stores.paris, fatal, done);
        await run({ ...stores, paris: crashing.storage }).catch(() => undefined);
        isOver = crashing.begun() < fatal;
        // What comes meanwhile must not let it be forgotten.
        await push('team/c', 'three');
        await run(stores);
        for (const store of Object.values(stores)) expect(await heldIn(store)).toContain(digest);
        expect(await run(stores)).toEqual([]);
      }
      expect(fatal).toBeGreaterThan(10);
    },
  );
});

test('a place that is not as it is written is none', async () => {
  const { push, run } = world();
  const store = memoryDriver();
  await push('team/a', 'one');
  await run({ store });
  const [key = ''] = (await keysIn(store, 'archeion/mirror/')).filter((one) =>
    one.endsWith('place.json'),
  );
  for (const text of ['{', '[]', '{"cursor":1}', '{"cursor":"1-0","wish":"this","sweptAt":"x"}']) {
    await store.write(key, text);
    expect(await run({ store })).toBe('everything');
  }
});
