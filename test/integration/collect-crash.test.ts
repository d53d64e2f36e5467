// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { LEASE_LIFETIME } from '../../src/registry/store/collection-lease.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { memorySource } from '../../src/registry/transfer/memory-source.ts';
import { verifyStore } from '../../src/registry/verify/verify-store.ts';
import { collectingRegistry } from '../support/collecting-registry.ts';
import { PROPERTY_RUNS } from '../support/property-runs.ts';
import { crashingDriver } from '../support/registry-faults.ts';
import { addImage, addIndex, addReferrer } from '../support/registry-images.ts';
import { pullAll } from '../support/registry-reading.ts';
import { all, keysIn } from '../support/storage-reading.ts';

const AGE = 1_000;
const OPTIONS = { untaggedAfter: AGE };
const KEPT = 'kept';

/** `app:kept` is an index with a referrer; `app:gone` shared one of its images, and was deleted with all that it had. */
async function filled() {
  const registry = collectingRegistry();
  const { storage, client, clock } = registry;
  const source = memorySource('test');
  const shared = addImage(source, 'shared');
  const kept = addIndex(source, [shared, addImage(source, 'own')]);
  const gone = addIndex(source, [shared, addImage(source, 'doomed')]);
  addReferrer(source, kept, 'text/signature');
  addReferrer(source, gone, 'text/signature');
  for (const [tag, { digest }] of [[KEPT, kept] as const, ['gone', gone] as const]) {
    await importImage({ source, storage, repository: 'app', reference: digest, tag });
  }
  await client.push('app', 'stray');
  await client.ask('DELETE', 'app/manifests/gone');
  clock.advance(AGE);
  return { ...registry, kept };
}

type Registry = Awaited<ReturnType<typeof filled>>;

const damageIn = async ({ storage }: Registry) => {
  const findings = await all(verifyStore({ storage }).findings);
  return findings.filter(({ severity }) => severity === 'damage');
};

async function expectClean(registry: Registry): Promise<void> {
  const { storage, clock, run } = registry;
  for (let runs = 0; runs < 12; runs += 1) {
    clock.advance(LEASE_LIFETIME);
    await run(OPTIONS);
  }
  const pull = pullHandler({ storage, log: silentLog });
  // An index, two images of a config and a layer, and a referrer of the same: ten.
  expect(await pullAll(pull, 'app', KEPT)).toHaveLength(10);
  expect(await keysIn(storage, 'blobs/')).toHaveLength(10);
  expect(await keysIn(storage, 'links/')).toHaveLength(10);
  expect(await keysIn(storage, 'gc/condemned/')).toEqual([]);
  expect(await all(verifyStore({ storage }).findings)).toEqual([]);
}

/** Enough collections for everything to go. */
async function collectAll({ clock, collector }: Registry, storage: Registry['storage']) {
  for (let runs = 0; runs < 8; runs += 1) {
    clock.advance(LEASE_LIFETIME);
    await collector(storage).outcome(OPTIONS);
  }
}

test.each([
  ['before it took effect', false],
  ['after it took effect', true],
])(
  'a collector that dies at any operation, %s, has broken nothing, and another one ends its work',
  async (_, isDone) => {
    const counted = await filled();
    const counting = crashingDriver(counted.storage, Number.POSITIVE_INFINITY, isDone);
    await collectAll(counted, counting.storage);
    expect(counting.begun()).toBeGreaterThan(200);
    for (let fatal = 1; fatal <= counting.begun(); fatal += 1) {
      const registry = await filled();
      const crash = crashingDriver(registry.storage, fatal, isDone);
      await expect(collectAll(registry, crash.storage)).rejects.toThrow('crashed');
      const damage = await damageIn(registry);
      // A record that is about to go is out of the list of its subject already.
      expect(damage.filter(({ problem }) => !problem.startsWith('no list of referrers'))).toEqual(
        [],
      );
      await expectClean(registry);
    }
  },
  120_000,
);

test('who pushes what a dead collector was deleting gets it in the end', async () => {
  for (let fatal = 1; fatal < 400; fatal += 1) {
    const registry = await filled();
    const crash = crashingDriver(registry.storage, fatal, false);
    await collectAll(registry, crash.storage).catch(() => undefined);
    // Waiting takes as long as it takes: the lease is over then.
    registry.clock.advance(LEASE_LIFETIME);
    const client = registry.clientOf(registry.storage, registry.time.wait);
    expect((await client.push('app', 'stray')).status).toBe(201);
    expect(
      await damageIn(registry).then((found) => found.filter(({ key }) => key.startsWith('links/'))),
    ).toEqual([]);
  }
}, 60_000);

const plan = fc.record({
  images: fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
  }),
  indexes: fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
  referrers: fc.array(fc.nat(), { maxLength: 3 }),
  tags: fc.array(
    fc.record({
      of: fc.nat(),
      repository: fc.constantFrom('a', 'b', 'a/c'),
      isDeleted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

test('of any registry everything that a tag leads to stays, and nothing else', async () => {
  const check = fc.asyncProperty(plan, async ({ images, indexes, referrers, tags }) => {
    const { storage, client, clock, run } = collectingRegistry();
    const source = memorySource('test');
    const manifests = images.map((layers, number) =>
      addImage(source, `image ${number}`, {
        layers: layers.map((layer) => source.addBlob('application/x', `layer ${layer}`)),
      }),
    );
    const pick = (place: number) => manifests[place % manifests.length] ?? addImage(source, '');
    for (const listed of indexes) manifests.push(addIndex(source, listed.map(pick)));
    for (const subject of referrers) manifests.push(addReferrer(source, pick(subject), 'text/x'));
    for (const [number, { of, repository }] of tags.entries()) {
      const reference = pick(of).digest;
      await importImage({ source, storage, repository, reference, tag: `t${number}` });
    }
    await client.push('a', 'stray');
    const deleted = [...tags.entries()].filter(([, { isDeleted }]) => isDeleted);
    for (const [number, { repository }] of deleted) {
      await client.ask('DELETE', `${repository}/manifests/t${number}`);
    }
    clock.advance(AGE);
    for (let runs = 0; runs < 16; runs += 1) await run(OPTIONS);
    const expected = new Set<string>();
    const pull = pullHandler({ storage, log: silentLog });
    for (const key of (await keysIn(storage, 'repositories/')).filter((one) =>
      one.includes('/_tags/'),
    )) {
      const [repository = '', tag = ''] = key.slice('repositories/'.length).split('/_tags/');
      for (const digest of await pullAll(pull, repository, tag)) expected.add(digest);
    }
    const left = (await keysIn(storage, 'blobs/')).map((key) => key.slice(6).replace('/', ':'));
    expect(left.sort()).toEqual([...expected].sort());
    // What is tagged may be about something that is not.
    const findings = await all(verifyStore({ storage }).findings);
    expect(findings.filter(({ problem }) => !problem.startsWith('its subject'))).toEqual([]);
  });
  await fc.assert(check, { numRuns: Math.max(20, PROPERTY_RUNS / 5) });
}, 120_000);
