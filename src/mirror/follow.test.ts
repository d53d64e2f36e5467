// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { crashingDriver } from '../../test/support/registry-faults.ts';
import { addImage, addIndex, addReferrer } from '../../test/support/registry-images.ts';
import { keysIn } from '../../test/support/storage-reading.ts';
import { readDigestIndex, recordsIn } from '../core/digest-index/digest-index-file.ts';
import { parseIndexPointer } from '../core/digest-index/index-pointer.ts';
import { parseSelection } from '../core/mirroring/selection.ts';
import type { Digest } from '../core/oci/digest.ts';
import { parseBlobPath } from '../core/routing/blob-path.ts';
import { openEventLog } from '../registry/events/event-log.ts';
import { registryChanges } from '../registry/events/registry-changes.ts';
import { blobKey } from '../registry/store/layout.ts';
import { bytesOf } from '../registry/store/small-object.ts';
import { importImage } from '../registry/transfer/import.ts';
import { memorySource } from '../registry/transfer/memory-source.ts';
import { storeSource } from '../registry/transfer/store-source.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { StorageError } from '../storage/storage-error.ts';
import { type FollowedRound, type Follower, type FollowOptions, follower } from './follow.ts';

const IMAGES = 'containers/images/';
const HOUR = 3_600_000;

/** What happens one after the other, whenever there is nothing to do. */
type Script = ReadonlyArray<(following: Follower) => unknown>;

function world() {
  const storage = memoryDriver();
  const events = openEventLog(storage);
  const images = memorySource('test');
  const clock = { now: Date.now() };
  const stores: Record<string, StorageDriver> = { dublin: memoryDriver(), paris: memoryDriver() };
  const rounds: FollowedRound[] = [];
  const problems: string[] = [];
  const reads: string[] = [];
  const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail('it is a path');
  const watched: StorageDriver = {
    ...storage,
    read(key, ...rest) {
      reads.push(key);
      return storage.read(key, ...rest);
    },
  };
  const optionsOf = (sleep: FollowOptions['sleep'], ending: AbortSignal): FollowOptions => ({
    mirror: {
      source: storeSource(watched),
      selections: ['team/**', 'tool*:v*'].map((text) => parseSelection(text) ?? expect.fail(text)),
      declared: new Map(),
      targets: Object.entries(stores).map(([name, store]) => {
        return { name, store, blobPath, publicUrl: `https://${name}.example` };
      }),
      isImmutable: () => false,
      includesManifests: true,
      referrersAfter: HOUR,
      index: { validFor: 24 * HOUR, privateKey: undefined, every: HOUR },
      now: () => (clock.now += 1),
      onProblem: (problem) => problems.push(problem),
      signal: new AbortController().signal,
    },
    feed: registryChanges(watched),
    wish: 'this',
    copy: { sleep: async () => {}, random: () => 0, retries: 0, backoff: 1, patience: 1_000 },
    concurrency: 4,
    sweepEvery: HOUR,
    poll: 1_000,
    settle: 10,
    ending,
    sleep,
    onRound: (round) => void rounds.push(round),
  });
  return {
    storage,
    images,
    stores,
    clock,
    rounds,
    problems,
    reads,
    /** The kinds of the rounds since somebody asked last. */
    done: () => rounds.splice(0).map(({ kind, isComplete }) => (isComplete ? kind : `${kind}!`)),
    push(repository: string, tag: string, digest: Digest) {
      images.tag('it', digest);
      const tell = () => events.tell({ repository, by: undefined });
      return importImage({ source: images, storage, repository, reference: 'it', tag, tell });
    },
    /** Follows from the start of a process to its end. */
    async follow(
      script: Script = [],
      changes: Partial<FollowOptions> = {},
      signal = new AbortController().signal,
    ) {
      const ending = new AbortController();
      const left = [...script];
      const sleep = async (milliseconds: number): Promise<void> => {
        clock.now += milliseconds;
        if (milliseconds !== 1_000) return;
        const next = left.shift() ?? (() => ending.abort());
        await next(following);
      };
      const usual = optionsOf(sleep, ending.signal);
      const options = { ...usual, mirror: { ...usual.mirror, signal }, ...changes };
      const following: Follower = follower(options);
      await following.run();
      return following;
    },
  };
}

async function heldIn(store: StorageDriver): Promise<string[]> {
  return (await keysIn(store, IMAGES)).map((key) => key.slice(IMAGES.length)).sort();
}

async function indexOf(store: StorageDriver): Promise<string[]> {
  const bytes = async (key: string) =>
    bytesOf((await store.read(`archeion/${key}`)) ?? expect.fail(key));
  const pointer = parseIndexPointer(Buffer.from(await bytes('index')).toString());
  const read = readDigestIndex(await bytes(pointer?.file ?? expect.fail('no pointer')));
  const file = read.ok ? read.file : expect.fail(read.problem);
  return [...recordsIn(file)].map(({ hex }) => `sha256:${hex}`).sort();
}

/** As much of a digest as an index has. */
function short(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 20);
}

describe('following a registry', () => {
  test('everything is brought first, then what is pushed, and every index says so', async () => {
    const { images, stores, push, follow, done } = world();
    const first = addImage(images, 'first').digest;
    const second = addImage(images, 'second').digest;
    await push('team/app', 'v1', first);
    const steps: string[][] = [];
    const following = await follow([
      async () => {
        steps.push(done());
        await push('team/other', 'v1', second);
      },
      () => steps.push(done()),
    ]);
    expect(steps).toEqual([['sweep'], ['changes']]);
    for (const store of Object.values(stores)) {
      expect(await heldIn(store)).toHaveLength(6);
      expect(await heldIn(store)).toContain(second);
      expect(await indexOf(store)).toEqual((await heldIn(store)).map(short));
    }
    expect(following.oldestMissing()).toBeUndefined();
  });

  test('several pushes that come together are one round, and what moves nothing is none', async () => {
    const { images, stores, push, follow, done } = world();
    const [one, two] = [addImage(images, 'one').digest, addImage(images, 'two').digest];
    const steps: string[][] = [];
    await follow([
      async () => {
        done();
        await push('team/a', 'v1', one);
        await push('team/b', 'v1', two);
      },
      () => steps.push(done()),
      () => steps.push(done()),
    ]);
    expect(steps).toEqual([['changes'], []]);
    expect(await heldIn(stores['dublin'] ?? expect.fail())).toHaveLength(6);
  });

  test('only what is selected is brought; what is about it comes without a tag', async () => {
    const { images, stores, push, follow } = world();
    const tool = addImage(images, 'tool');
    const other = addImage(images, 'other').digest;
    const index = addIndex(images, [tool]);
    await follow([
      async () => {
        await push('tool', 'main', other);
        await push('elsewhere', 'v1', other);
        await push('tool', 'v1', index.digest);
      },
      async () => {
        addReferrer(images, index, 'text/signature');
        await push('tool', 'main', index.digest);
      },
    ]);
    const held = await heldIn(stores['dublin'] ?? expect.fail());
    expect(held).not.toContain(other);
    expect(held).toHaveLength(4 + 3);
  });

  test('a new process goes on where the one before ended, and reads nothing that it knows', async () => {
    const { images, stores, push, follow, done, reads } = world();
    const layer = addImage(images, 'first');
    await push('team/app', 'v1', layer.digest);
    await follow();
    expect(done()).toEqual(['sweep']);
    await push('team/app', 'v2', addImage(images, 'while nobody looked').digest);
    reads.splice(0);
    await follow([() => undefined]);
    expect(done()).toEqual(['changes', 'changes']);
    expect(reads).not.toContain(blobKey(layer.digest));
    expect(await heldIn(stores['paris'] ?? expect.fail())).toHaveLength(6);
  });

  test.each<[string, (own: ReturnType<typeof world>) => unknown]>([
    [
      'a target that was not there',
      ({ stores }) => Object.assign(stores, { rome: memoryDriver() }),
    ],
    ['a target that was emptied', ({ stores }) => Object.assign(stores, { paris: memoryDriver() })],
    ['a long time without a look at everything', ({ clock }) => (clock.now += HOUR)],
    [
      'a log that begins anew',
      async ({ storage }) => {
        for (const key of await keysIn(storage, 'events/')) await storage.remove(key);
      },
    ],
  ])('after %s everything is looked at', async (_, change) => {
    const own = world();
    const image = addImage(own.images, 'first').digest;
    await own.push('team/app', 'v1', image);
    await own.follow();
    own.done();
    await change(own);
    await own.follow();
    expect(own.done()).toEqual(['sweep']);
    for (const store of Object.values(own.stores)) expect(await heldIn(store)).toContain(image);
  });

  test('another wish means a look at everything', async () => {
    const { follow, done } = world();
    await follow();
    await follow([], { wish: 'that' });
    expect(done()).toEqual(['sweep', 'sweep']);
  });

  test('everything is looked at again at intervals, which mends what others took away', async () => {
    const { images, stores, push, follow, done, clock } = world();
    const image = addImage(images, 'first').digest;
    await push('team/app', 'v1', image);
    const store = stores['dublin'] ?? expect.fail();
    await follow([
      async () => {
        await store.remove(IMAGES + image);
        clock.now += HOUR;
      },
      () => undefined,
    ]);
    expect(done()).toEqual(['sweep', 'sweep']);
    expect(await heldIn(store)).toContain(image);
  });

  test('a target that takes nothing holds up nobody; it gets all of it later, and is behind until then', async () => {
    const { images, stores, push, follow, done, clock, problems } = world();
    const paris = stores['paris'] ?? expect.fail();
    let isBroken = false;
    const breaking: StorageDriver = {
      ...paris,
      async write(...given) {
        if (isBroken) throw new StorageError('no-space', given[0], 'the disk is full');
        return paris.write(...given);
      },
    };
    stores['paris'] = breaking;
    const image = addImage(images, 'first').digest;
    const steps: string[][] = [];
    const missing: Array<number | undefined> = [];
    const look = (following: Follower) => {
      steps.push(done());
      missing.push(following.oldestMissing());
    };
    const before = Date.now();
    await follow([
      async () => {
        isBroken = true;
        await push('team/app', 'v1', image);
      },
      async (following) => {
        look(following);
        expect(await heldIn(stores['dublin'] ?? expect.fail())).toContain(image);
        expect(await indexOf(stores['dublin'] ?? expect.fail())).toContain(short(image));
        isBroken = false;
        clock.now += HOUR / 2;
      },
      look,
    ]);
    expect(steps).toEqual([['sweep', 'changes!'], ['changes']]);
    expect(problems.join()).toContain('the disk is full');
    expect(await heldIn(paris)).toContain(image);
    expect(missing[0]).toBeGreaterThanOrEqual(before);
    expect(missing[1]).toBeUndefined();
  });

  test('what was not brought before a process died is brought by the next', async () => {
    const { images, stores, push, follow, done } = world();
    await follow();
    done();
    const image = addImage(images, 'first').digest;
    await push('team/app', 'v1', image);
    const paris = stores['paris'] ?? expect.fail();
    const dies = async () => {
      throw new StorageError('failed', 'x', 'the process is gone');
    };
    stores['paris'] = { ...paris, write: dies };
    await follow();
    expect(done()).toContain('changes!');
    stores['paris'] = paris;
    await follow();
    expect(await heldIn(paris)).toContain(image);
  });

  test('a repository that cannot be read is named, keeps nothing else back, and is tried again', async () => {
    const { storage, images, stores, push, follow, done, clock, problems } = world();
    const [bad, good] = [addImage(images, 'bad').digest, addImage(images, 'good').digest];
    await push('team/bad', 'v1', bad);
    await push('team/good', 'v1', good);
    const bytes = await bytesOf((await storage.read(blobKey(bad))) ?? expect.fail());
    await storage.write(blobKey(bad), 'others');
    let behind: number | undefined;
    const following = await follow([
      async () => {
        expect(await heldIn(stores['dublin'] ?? expect.fail())).toContain(good);
        behind = problems.length;
        await storage.write(blobKey(bad), bytes);
        clock.now += HOUR / 2;
      },
      () => undefined,
    ]);
    expect(behind).toBeGreaterThan(0);
    expect(problems[0]).toContain('team/bad');
    expect(done()).toEqual(['sweep!', 'sweep']);
    expect(await heldIn(stores['paris'] ?? expect.fail())).toContain(bad);
    expect(following.oldestMissing()).toBeUndefined();
  });

  test.each([true, false])(
    'may die anywhere, and the next process brings what it did not: %s',
    async (done) => {
      let [fatal, isOver] = [1, false];
      for (; !isOver; fatal += 1) {
        const { images, stores, push, follow } = world();
        const [one, two] = [addImage(images, 'one').digest, addImage(images, 'two').digest];
        await push('team/app', 'v1', one);
        const paris = stores['paris'] ?? expect.fail();
        const crashing = crashingDriver(paris, fatal, done);
        stores['paris'] = crashing.storage;
        await follow([() => push('team/app', 'v2', two)]);
        isOver = crashing.begun() < fatal;
        stores['paris'] = paris;
        await follow();
        for (const store of Object.values(stores)) {
          expect(await heldIn(store)).toEqual(expect.arrayContaining([one, two]));
          expect(await indexOf(store)).toEqual((await heldIn(store)).map(short));
        }
      }
      expect(fatal).toBeGreaterThan(20);
    },
  );

  test('a log that cannot be read ends nothing, and is not asked all the time', async () => {
    const { storage, images, stores, push, follow, problems, done, clock } = world();
    const feed = registryChanges(storage);
    const failures = ['the store is away', 'the store is away'];
    const since: typeof feed.since = async (cursor) => {
      const failure = failures.pop();
      return failure === undefined ? feed.since(cursor) : Promise.reject(new Error(failure));
    };
    const image = addImage(images, 'first').digest;
    const before = clock.now;
    await follow([() => push('team/app', 'v1', image), () => undefined], {
      feed: { ...feed, since },
    });
    expect(problems).toEqual(['the store is away', 'the store is away']);
    expect(clock.now - before).toBeGreaterThan(10_000 + 20_000);
    expect(done()).toEqual(['sweep', 'changes']);
    expect(await heldIn(stores['dublin'] ?? expect.fail())).toContain(image);
  });

  test('a clock that is put back does not keep everything from being looked at', async () => {
    const { follow, done, clock } = world();
    await follow([() => (clock.now -= 10 * HOUR), () => undefined]);
    expect(done()).toEqual(['sweep', 'sweep']);
  });

  test('told to end, it lets what is being copied come to its end, and says what is there', async () => {
    const { images, stores, push, follow, done } = world();
    await push('team/app', 'v1', addImage(images, 'first').digest);
    const dublin = stores['dublin'] ?? expect.fail();
    const ending = new AbortController();
    stores['dublin'] = {
      ...dublin,
      async write(key, ...rest) {
        if (key.startsWith(IMAGES)) ending.abort();
        return dublin.write(key, ...rest);
      },
    };
    await follow([], { ending: ending.signal, concurrency: 1 });
    expect(done()).toEqual(['sweep!']);
    const held = await heldIn(dublin);
    expect(held).toHaveLength(1);
    expect(await indexOf(dublin)).toEqual(held.map(short));
  });

  test('what is cut off is gone on with by the next process', async () => {
    const { images, stores, push, follow, done } = world();
    const image = addImage(images, 'first').digest;
    await push('team/app', 'v1', image);
    const dublin = stores['dublin'] ?? expect.fail();
    const cut = new AbortController();
    const cutting = async (...given: Parameters<StorageDriver['write']>) => {
      cut.abort(new Error('it took too long'));
      return dublin.write(...given);
    };
    stores['dublin'] = { ...dublin, write: cutting };
    await follow([], {}, cut.signal);
    stores['dublin'] = dublin;
    await follow();
    expect(done().at(-1)).toBe('sweep');
    expect(await heldIn(dublin)).toContain(image);
  });

  test('a source that tells nothing is looked at at intervals, and one that fails ends nothing', async () => {
    const { follow, done, clock, problems, stores } = world();
    const list = () => {
      throw new Error('nobody is at home');
    };
    stores['dublin'] = { ...memoryDriver(), list };
    const wait = () => (clock.now += HOUR);
    await follow([wait, wait], { feed: undefined });
    expect(done()).toEqual(['sweep!', 'sweep!', 'sweep!']);
    expect(problems.join()).toContain('nobody is at home');
  });
});
