// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { PROPERTY_RUNS } from '../support/property-runs.ts';
import {
  HOUR,
  IMAGES,
  type PrunedWorld,
  prunedWorld,
  shortOf,
  VALID_FOR,
} from '../support/pruned-world.ts';
import { type Draw, drawFrom, randomRegistry } from '../support/random-registry.ts';
import { crashingDriver } from '../support/registry-faults.ts';

const NEVER = Number.POSITIVE_INFINITY;
const GRACE = 3 * HOUR;
/** Milliseconds. */
const LONG = 300_000;
/** Each is many runs and prunings. */
const SEEDS = Math.ceil(PROPERTY_RUNS / 4);

interface History extends PrunedWorld {
  readonly draw: Draw;
  grow(): void;
}

function history(seed: number): History {
  const draw = drawFrom(seed);
  const { source, grow } = randomRegistry(draw);
  return { ...prunedWorld(source), draw, grow };
}

/** Takes away a third of the tags, or points them at what others point at. */
function shrink({ source, draw }: History): void {
  for (const [repository, tag] of source.tagged()) {
    const choice = draw(6);
    if (choice === 0) source.untag(repository, tag);
    if (choice === 1) retag(source, repository, tag, draw);
  }
}

function retag(source: History['source'], repository: string, tag: string, draw: Draw): void {
  const all = source.tagged();
  const other = all[draw(all.length)];
  const digest = other && source.pointedAt(...other);
  if (digest !== undefined) source.tag(repository, tag, digest);
}

/** Somebody puts something there that nothing leads to. */
async function litter({ store, draw }: History): Promise<void> {
  const bytes = `litter ${draw(4)}`;
  await store.write(`${IMAGES}${digestOf(bytes)}`, bytes);
}

/** Its answers come in any order. */
function delayed(store: StorageDriver, draw: Draw): StorageDriver {
  const wait = async () => {
    for (let turns = draw(40); turns > 0; turns -= 1) await undefined;
  };
  const later = async <T>(work: () => Promise<T>): Promise<T> => {
    await wait();
    const result = await work();
    await wait();
    return result;
  };
  return {
    ...store,
    stat: (...given) => later(() => store.stat(...given)),
    read: (...given) => later(() => store.read(...given)),
    write: (...given) => later(() => store.write(...given)),
    remove: (...given) => later(() => store.remove(...given)),
    async *list(...given) {
      await wait();
      const found = [];
      for await (const info of store.list(...given)) found.push(info);
      await wait();
      yield* found;
    },
  };
}

const STEPS: ReadonlyArray<(own: History) => unknown> = [
  (own) => own.grow(),
  (own) => shrink(own),
  (own) => shrink(own),
  (own) => litter(own),
  (own) => own.run(),
  (own) => own.run(),
  (own) => own.prune(own.draw(3) * HOUR),
  (own) => own.prune(0),
  (own) => own.prune(0),
  (own) => {
    own.clock.now += (1 + own.draw(12)) * (HOUR / 2);
  },
  (own) => {
    own.clock.now += VALID_FOR + HOUR;
  },
  (own) => own.run(crashing(own)),
  (own) => own.prune(0, crashing(own)),
  (own) => own.prune(0, crashing(own)),
  (own) => Promise.all([0, 1, 2].map((place) => atOnce(own, place))),
  (own) => Promise.all([0, 1, 2].map((place) => atOnce(own, place))),
];

function atOnce(own: History, place: number): Promise<unknown> {
  const over = delayed(own.store, own.draw);
  return place === 0 || own.draw(2) === 0 ? own.prune(0, over) : own.run(over);
}

function crashing(own: History): StorageDriver {
  return crashingDriver(own.store, 1 + own.draw(40), own.draw(2) === 0).storage;
}

/** Everything is over: the target holds what is wanted and nothing else, and says so. */
async function requireWhole(own: History): Promise<void> {
  expect(own.broken).toEqual([]);
  // Longer than runs rely on what they know of signatures.
  own.clock.now += 25 * HOUR;
  expect(await own.run()).toEqual([]);
  for (let round = 0; round < 3; round += 1) {
    expect(await own.prune(GRACE)).toEqual([]);
    own.clock.now += VALID_FOR + GRACE;
  }
  expect(await own.run()).toEqual([]);
  const wanted = await own.wanted();
  expect(await own.held()).toEqual(wanted);
  expect(await own.claims()).toEqual(wanted.map(shortOf));
  expect(own.broken).toEqual([]);
}

test(
  'whatever happens to source and target, nothing wanted is deleted, nothing claimed is not there, and in the end the rest is gone',
  async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const own = history(seed);
      own.grow();
      await own.run();
      for (let steps = 12; steps > 0; steps -= 1) {
        await STEPS[own.draw(STEPS.length)]?.(own);
        expect(own.broken, `seed ${seed}`).toEqual([]);
      }
      await requireWhole(own);
    }
  },
  LONG,
);

test(
  'what is wanted again while it is deleted is claimed by nobody before it is there again',
  async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const own = await dueWorld(seed);
      const { draw, mood } = own;
      const over = () => delayed(own.store, draw);
      mood.mayChange = true;
      const late = async (again: boolean) => {
        for (let turns = draw(1_500); turns > 0; turns -= 1) await undefined;
        if (again) own.regret();
        await own.run(over());
      };
      await Promise.all([own.prune(0, over()), own.prune(0, over()), late(true), late(false)]);
      mood.mayChange = false;
      expect(own.broken, `seed ${seed}`).toEqual([]);
      await requireWhole(own);
    }
  },
  LONG,
);

interface Due extends History {
  /** Everything is wanted again. */
  regret(): void;
}

/** What nothing leads to is withdrawn, its time is over, and there is more of it, and something is wanted again. */
async function dueWorld(seed: number): Promise<Due> {
  const own = history(seed);
  own.grow();
  own.grow();
  await own.run();
  const tags = own.source.tagged();
  const pointed = tags.map((tag) => own.source.pointedAt(...tag));
  for (const tag of tags.slice(0, -1)) own.source.untag(...tag);
  await litter(own);
  await own.prune(0);
  own.clock.now += VALID_FOR + HOUR;
  const tagAgain = (place: number) => {
    const [repository, tag] = tags[place] ?? expect.fail('there are tags');
    own.source.tag(repository, tag, pointed[place] ?? expect.fail('it pointed at something'));
  };
  tagAgain(0);
  await own.store.write(`${IMAGES}${digestOf('more')}`, 'more');
  return { ...own, regret: () => tags.forEach((_, place) => void tagAgain(place)) };
}

/** @returns how many operations there were */
async function killAt(fatal: number, isDone: boolean, what: 'run' | 'prune'): Promise<number> {
  const own = await dueWorld(7);
  const crash = crashingDriver(own.store, fatal, isDone);
  await (what === 'run' ? own.run(crash.storage) : own.prune(0, crash.storage));
  // Whoever comes next, at once: nothing is over for them that one who died has begun.
  await own.run();
  expect(own.broken).toEqual([]);
  await requireWhole(own);
  return crash.begun();
}

test.each(['run', 'prune'] as const)(
  'a %s that dies at any of its operations loses nothing that is wanted',
  async (what) => {
    const operations = await killAt(NEVER, false, what);
    expect(operations).toBeGreaterThan(8);
    for (let fatal = 1; fatal <= operations; fatal += 1) {
      await killAt(fatal, false, what);
      await killAt(fatal, true, what);
    }
  },
  LONG,
);
