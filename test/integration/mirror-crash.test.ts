// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { readDigestIndex, recordsIn } from '../../src/core/digest-index/digest-index-file.ts';
import { parseIndexPointer } from '../../src/core/digest-index/index-pointer.ts';
import { parseSelection } from '../../src/core/mirroring/selection.ts';
import { parseBlobPath } from '../../src/core/routing/blob-path.ts';
import { prepareMirror } from '../../src/mirror/mirror.ts';
import type { MirrorSource } from '../../src/mirror/mirror-source.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { CUTS, type Cut, type CutWire, cutWire } from '../support/cut-wire.ts';
import { PROPERTY_RUNS } from '../support/property-runs.ts';
import { drawFrom, randomRegistry } from '../support/random-registry.ts';
import { bytesIn, keysIn } from '../support/storage-reading.ts';

const IMAGES = 'containers/images/';
const NEVER = Number.POSITIVE_INFINITY;
const BLOB_PATH = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail('it is a path');
const SELECTIONS = ['team/*', 'tool*'].map((text) => parseSelection(text) ?? expect.fail(text));

interface World {
  readonly source: MirrorSource;
  readonly grow: () => void;
  readonly stores: readonly StorageDriver[];
  /** How often something was written under each key of a digest, by target and key. */
  readonly written: Map<string, number>;
}

function world(seed: number): World {
  const written = new Map<string, number>();
  const { source, grow } = randomRegistry(drawFrom(seed));
  const stores = ['dublin', 'paris'].map((name) => {
    const store = memoryDriver();
    const write: StorageDriver['write'] = async (key, ...rest) => {
      const info = await store.write(key, ...rest);
      const place = `${name} ${key}`;
      const isDone = info !== 'conflict' && key.startsWith(IMAGES);
      if (isDone) written.set(place, (written.get(place) ?? 0) + 1);
      return info;
    };
    return { ...store, name, write };
  });
  return { source, grow, stores, written };
}

/** A run over a wire, to its end or to that of the process; what it says went wrong. */
async function run({ source, stores }: World, wire: CutWire): Promise<readonly string[]> {
  const problems: string[] = [];
  let now = 1_700_000_000_000;
  const targets = stores.map((store) => ({
    name: store.name,
    store: wire.store(store),
    blobPath: BLOB_PATH,
    publicUrl: `https://${store.name}.example`,
  }));
  try {
    const prepared = await prepareMirror({
      source: wire.source(source),
      selections: SELECTIONS,
      declared: new Map(),
      targets,
      isImmutable: () => false,
      includesManifests: true,
      referrersAfter: 86_400_000,
      isDryRun: false,
      index: { validFor: 3_600_000, privateKey: undefined, every: 5_000 },
      now: () => (now += 1_000),
      onProblem: (problem) => problems.push(problem),
      signal: new AbortController().signal,
    });
    const sleep = async () => {};
    const ports = { sleep, random: () => 0, retries: 1, backoff: 1, patience: 1_000 };
    await prepared.carryOut(ports, 3);
  } catch (error) {
    problems.push(`it ended: ${error}`);
  }
  return problems;
}

const wholeWire = () => cutWire(NEVER, 'fails');

async function heldIn(store: StorageDriver): Promise<string[]> {
  return (await keysIn(store, IMAGES)).map((key) => key.slice(IMAGES.length));
}

/** Whatever lies under a digest is what it says. */
async function requireTrue(store: StorageDriver): Promise<void> {
  for (const digest of await heldIn(store)) {
    const found = (await store.read(IMAGES + digest)) ?? expect.fail('it was listed');
    expect(digestOf(await bytesIn(found.body))).toBe(digest);
  }
}

/** What the index says, or nothing where there is none. */
async function claimsOf(store: StorageDriver): Promise<string[]> {
  const text = async (key: string) => bytesIn((await store.read(`archeion/${key}`))?.body ?? []);
  const pointer = parseIndexPointer((await text('index')).toString());
  if (pointer === undefined) return [];
  const read = readDigestIndex(await text(pointer.file));
  return read.ok ? [...recordsIn(read.file)].map(({ hex }) => hex) : expect.fail(read.problem);
}

const shortOf = (digest: string) => digest.slice('sha256:'.length, 'sha256:'.length + 20);

interface Case {
  readonly seed: number;
  /** Which request of the disturbed run is cut; it comes after an undisturbed run over half of the registry. */
  readonly fatal: number;
  readonly cut: Cut;
}

/** Runs over half of the registry, is disturbed over the whole, and runs again. Returns whether it came to the cut. */
async function disturb({ seed, fatal, cut }: Case): Promise<boolean> {
  const own = world(seed);
  own.grow();
  if (seed % 2 === 0) expect(await run(own, wholeWire())).toEqual([]);
  own.grow();
  const wire = cutWire(fatal, cut);
  const problems = await run(own, wire);
  const expected = await undisturbed(seed);
  for (const store of own.stores) {
    await requireTrue(store);
    const held = await heldIn(store);
    expect(held.map(shortOf)).toEqual(expect.arrayContaining(await claimsOf(store)));
    // What says that all went well has brought everything.
    if (problems.length === 0) expect(held).toEqual(expected);
  }
  expect(await run(own, wholeWire())).toEqual([]);
  for (const store of own.stores) {
    await requireTrue(store);
    expect(await heldIn(store)).toEqual(expected);
    expect(await claimsOf(store)).toEqual(expected.map(shortOf));
  }
  expect([...own.written.values()].every((times) => times === 1)).toBe(true);
  return wire.requests() >= fatal;
}

const known = new Map<number, readonly string[]>();

/** What the targets hold when nothing goes wrong. */
async function undisturbed(seed: number): Promise<readonly string[]> {
  const before = known.get(seed);
  if (before !== undefined) return before;
  const own = world(seed);
  own.grow();
  if (seed % 2 === 0) await run(own, wholeWire());
  own.grow();
  expect(await run(own, wholeWire())).toEqual([]);
  const [first, second] = await Promise.all(own.stores.map(heldIn));
  expect(first).toEqual(second);
  known.set(seed, first ?? []);
  return first ?? [];
}

test.each(CUTS)(
  'a wire that is cut (%s) at any request leaves nothing wrong, and the next run ends it',
  async (cut) => {
    let fatal = 1;
    while (await disturb({ seed: 2, fatal, cut })) fatal += 1;
    expect(fatal).toBeGreaterThan(30);
  },
  60_000,
);

test('so it is for registries of all kinds', async () => {
  for (let seed = 0; seed < PROPERTY_RUNS; seed += 1) {
    const draw = drawFrom(-seed);
    await disturb({ seed, fatal: 1 + draw(80), cut: CUTS[draw(CUTS.length)] ?? 'fails' });
  }
}, 300_000);
