// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type FakeMirrorSource, fakeMirrorSource } from '../../test/support/mirror-source.ts';
import { crashingDriver } from '../../test/support/registry-faults.ts';
import { addImage, addIndex, addReferrer } from '../../test/support/registry-images.ts';
import { bytesIn, keysIn } from '../../test/support/storage-reading.ts';
import { readDigestIndex, recordsIn } from '../core/digest-index/digest-index-file.ts';
import { parseIndexPointer } from '../core/digest-index/index-pointer.ts';
import { parseSelection } from '../core/mirroring/selection.ts';
import { parseBlobPath } from '../core/routing/blob-path.ts';
import { digestOf } from '../registry/store/verify-body.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { StorageError } from '../storage/storage-error.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { type MirrorOptions, type PreparedMirror, prepareMirror } from './mirror.ts';

const IMAGES = 'containers/images/';

/** Two repositories that share a layer; one has an index with a signature. */
function filledSource(): FakeMirrorSource {
  const source = fakeMirrorSource();
  const { images } = source;
  const platforms = [addImage(images, 'amd64'), addImage(images, 'arm64')];
  const index = addIndex(images, platforms);
  addReferrer(images, index, 'text/signature');
  source.tag('team/app', 'v1', index.digest);
  source.tag('tool', 'v1', addImage(images, 'amd64', { annotations: { other: 'image' } }).digest);
  return source;
}

const OBJECTS = 4 + 6 + 1;

interface Bench {
  readonly source: FakeMirrorSource;
  readonly stores: Readonly<Record<string, StorageDriver>>;
  readonly problems: string[];
  prepare(fields?: Partial<MirrorOptions>): Promise<PreparedMirror>;
  /** Prepares and carries out. */
  run(fields?: Partial<MirrorOptions>): Promise<PreparedMirror>;
}

function bench(source = filledSource()): Bench {
  const stores = { dublin: memoryDriver(), paris: memoryDriver() };
  const problems: string[] = [];
  const clock = { now: 1_000_000 };
  const selections = ['team/*', 'tool'].map((text) => parseSelection(text) ?? expect.fail(text));
  const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail('it is a path');
  const prepare = (fields: Partial<MirrorOptions> = {}) =>
    prepareMirror({
      source,
      selections,
      declared: new Map(),
      targets: Object.entries(stores).map(([name, store]) => ({
        name,
        store,
        blobPath,
        publicUrl: `https://${name}.example`,
      })),
      isImmutable: () => false,
      includesManifests: true,
      referrersAfter: 86_400_000,
      isDryRun: false,
      index: { validFor: 3_600_000, privateKey: undefined, every: 86_400_000 },
      now: () => (clock.now += 1_000),
      onProblem: (problem) => problems.push(problem),
      signal: new AbortController().signal,
      ...fields,
    });
  const ports = { sleep: async () => {}, random: () => 0, retries: 2, backoff: 1, patience: 1_000 };
  return {
    source,
    stores,
    problems,
    prepare,
    async run(fields) {
      const prepared = await prepare(fields);
      await prepared.carryOut(ports, 4);
      return prepared;
    },
  };
}

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

async function indexOf(store: StorageDriver): Promise<string[]> {
  const text = async (key: string) =>
    bytesIn((await store.read(`archeion/${key}`))?.body ?? expect.fail(key));
  const pointer = parseIndexPointer((await text('index')).toString()) ?? expect.fail('no pointer');
  const read = readDigestIndex(await text(pointer.file));
  return read.ok ? [...recordsIn(read.file)].map(({ hex }) => hex) : expect.fail(read.problem);
}

/** A store that fails once it was written to so often. */
function breakingStore(store: StorageDriver, after: number, error: () => Error): StorageDriver {
  let writes = 0;
  return {
    ...store,
    async write(...given) {
      writes += 1;
      if (writes > after) throw error();
      return store.write(...given);
    },
  };
}

describe('a run', () => {
  test('fills all targets, reads each object once, and publishes what they hold', async () => {
    const { source, stores, problems, run } = bench();
    const { plan, tallies, repositories } = await run();
    expect(problems).toEqual([]);
    expect(repositories).toBe(2);
    expect(plan.wanted.objects).toBe(OBJECTS);
    const blobs = source.asked.filter((line) => line.startsWith('blob '));
    expect(blobs).toHaveLength(6);
    expect(new Set(blobs).size).toBe(6);
    for (const store of Object.values(stores)) {
      expect(await heldIn(store)).toHaveLength(OBJECTS);
      await requireTrue(store);
      const held = (await heldIn(store)).map((digest) => digest.slice(7, 27));
      expect(await indexOf(store)).toEqual(held);
    }
    expect([...tallies.values()].map(({ copied }) => copied)).toEqual([OBJECTS, OBJECTS]);
  });

  test('costs one list and one HEAD for each tag when nothing is new, and nothing for blobs', async () => {
    const { source, run } = bench();
    await run();
    source.asked.splice(0);
    const { plan } = await run();
    expect(plan.copies).toHaveLength(0);
    expect(source.asked.sort()).toEqual(
      ['catalog', 'tags team/app', 'tags tool', 'head team/app:v1', 'head tool:v1'].sort(),
    );
    source.asked.splice(0);
    await run({ isImmutable: (tag) => tag.startsWith('v') });
    expect(source.asked.sort()).toEqual(['catalog', 'tags team/app', 'tags tool']);
  });

  test('asks a source for what is new, and brings one target up to the other', async () => {
    const { source, stores, run } = bench();
    await run();
    const [some = ''] = await heldIn(stores['paris'] ?? expect.fail());
    await stores['paris']?.remove(IMAGES + some);
    source.tag('tool', 'v2', addImage(source.images, 'new').digest);
    source.asked.splice(0);
    const { plan } = await run();
    expect(plan.copies).toHaveLength(4);
    expect(plan.targets.map(({ blobs, manifests }) => blobs + manifests)).toEqual([3, 4]);
    expect(await heldIn(stores['paris'] ?? expect.fail())).toHaveLength(OBJECTS + 3);
  });

  test('writes nothing when it is dry', async () => {
    const { stores, prepare } = bench();
    const { plan } = await prepare({ isDryRun: true });
    expect(plan.copies).toHaveLength(OBJECTS);
    for (const store of Object.values(stores)) expect(await keysIn(store, '')).toEqual([]);
  });

  test('publishes what there is so far, when it takes long', async () => {
    const { stores, run } = bench();
    const { dublin = expect.fail() } = stores;
    const sizes: number[] = [];
    const watched: StorageDriver = {
      ...dublin,
      async write(key, ...rest) {
        const written = await dublin.write(key, ...rest);
        if (key === 'archeion/index') sizes.push((await indexOf(dublin)).length);
        return written;
      },
    };
    const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail();
    const publicUrl = 'https://dublin.example';
    await run({
      targets: [{ name: 'dublin', store: watched, blobPath, publicUrl }],
      index: { validFor: 3_600_000, privateKey: undefined, every: 3_000 },
    });
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes[0]).toBeLessThan(OBJECTS);
    expect(sizes.at(-1)).toBe(OBJECTS);
  });

  test('leaves manifests alone when it is told to', async () => {
    const { stores, run } = bench();
    await run({ includesManifests: false });
    expect(await heldIn(stores['paris'] ?? expect.fail())).toHaveLength(6);
  });

  test('believes a store that has what its listing does not show', async () => {
    const { stores, prepare, run } = bench();
    await run();
    const { dublin = expect.fail() } = stores;
    const hiding: StorageDriver = { ...dublin, list: async function* () {} };
    const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail();
    const target = { name: 'dublin', store: hiding, blobPath, publicUrl: undefined };
    expect((await prepare({ targets: [target] })).plan.copies).toHaveLength(0);
  });

  test('replaces what has another size than it should have', async () => {
    const { stores, run } = bench();
    await run();
    const { dublin = expect.fail() } = stores;
    const [some = ''] = await heldIn(dublin);
    await dublin.write(IMAGES + some, '');
    const { plan } = await run();
    expect([...plan.copies].map(({ digest, targets }) => [digest, ...targets])).toEqual([
      [some, 'dublin'],
    ]);
    await requireTrue(dublin);
  });
});

describe('what goes wrong', () => {
  test('what has another size than it should have, and cannot be replaced, is in no index', async () => {
    const { source, stores, run } = bench();
    await run();
    const { dublin = expect.fail() } = stores;
    const layer = digestOf('amd64');
    await dublin.write(IMAGES + layer, 'half of it');
    const content: FakeMirrorSource['content'] = (repository) => ({
      ...source.content(repository),
      fetchBlob: async () => undefined,
    });
    await run({ source: { ...source, content } });
    expect(await indexOf(dublin)).not.toContain(layer.slice(7, 27));
    expect(await indexOf(dublin)).toHaveLength(OBJECTS - 1);
    await run();
    expect(await indexOf(dublin)).toHaveLength(OBJECTS);
    await requireTrue(dublin);
  });

  test('a repository that is named has to be there, one of a catalogue has not', async () => {
    const { source, problems, run } = bench();
    const listRepositories = async () => [{ name: 'team/app' }, { name: 'team/empty' }];
    const selections = ['team/*', 'absent'].map(
      (text) => parseSelection(text) ?? expect.fail(text),
    );
    const { repositories } = await run({ source: { ...source, listRepositories }, selections });
    expect(repositories).toBe(1);
    expect(problems).toEqual(['absent: "https://fake.example" has no such repository']);
  });

  test('a target that is full does not stop the other, and is left alone', async () => {
    const { stores, problems, run } = bench();
    const { dublin = expect.fail(), paris = expect.fail() } = stores;
    const full = () => new StorageError('no-space', 'x', 'the disk is full');
    const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail();
    const targets = [
      { name: 'dublin', store: breakingStore(dublin, 3, full), blobPath, publicUrl: undefined },
      { name: 'paris', store: paris, blobPath, publicUrl: undefined },
    ];
    const { tallies } = await run({ targets });
    expect(await heldIn(paris)).toHaveLength(OBJECTS);
    expect(tallies.get('dublin')?.lost).toContain('the disk is full');
    expect(tallies.get('dublin')?.failed).toBe(OBJECTS - 1);
    expect(problems.length).toBeGreaterThan(0);
    await run();
    expect(await heldIn(dublin)).toHaveLength(OBJECTS);
  });

  test('a target that cannot be listed is told of, and the other is filled', async () => {
    const { stores, problems, run } = bench();
    const { paris = expect.fail() } = stores;
    const broken: StorageDriver = {
      ...memoryDriver(),
      // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
      async *list() {
        throw new StorageError('denied', '', 'nobody may list it');
      },
    };
    const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail();
    await run({
      targets: [
        { name: 'dublin', store: broken, blobPath, publicUrl: undefined },
        { name: 'paris', store: paris, blobPath, publicUrl: undefined },
      ],
    });
    expect(problems).toEqual([expect.stringContaining('dublin: nobody may list it')]);
    expect(await heldIn(paris)).toHaveLength(OBJECTS);
  });

  test.each<[string, (bytes: Buffer) => AsyncGenerator<Uint8Array>]>([
    [
      'other bytes',
      async function* (bytes) {
        yield Buffer.alloc(bytes.length);
      },
    ],
    [
      'too little',
      async function* (bytes) {
        yield bytes.subarray(1);
      },
    ],
    [
      'too much',
      async function* (bytes) {
        yield bytes;
        yield bytes;
      },
    ],
    [
      'an end half way',
      async function* (bytes) {
        yield bytes.subarray(0, 2);
        throw new UpstreamError('unreachable', 'it broke');
      },
    ],
  ])('a source that gives %s leaves nothing wrong, and is asked again', async (_, spoil) => {
    const { source, stores, problems, run } = bench();
    const spoilt = new Map<string, number>();
    const content: FakeMirrorSource['content'] = (repository) => ({
      ...source.content(repository),
      async fetchBlob(digest, signal) {
        const body = await source.content(repository).fetchBlob(digest, signal);
        const times = spoilt.get(digest) ?? 0;
        spoilt.set(digest, times + 1);
        return times === 0 && body !== undefined ? spoil(await bytesIn(body)) : body;
      },
    });
    await run({ source: { ...source, content } });
    expect(problems).toEqual([]);
    for (const store of Object.values(stores)) {
      expect(await heldIn(store)).toHaveLength(OBJECTS);
      await requireTrue(store);
    }
  });

  test('an object that never comes right is named, and the rest is there', async () => {
    const { source, stores, problems, run } = bench();
    const wrong = digestOf('amd64');
    const content: FakeMirrorSource['content'] = (repository) => ({
      ...source.content(repository),
      fetchBlob: async (digest, signal) =>
        source.content(repository).fetchBlob(digest === wrong ? digestOf('arm64') : digest, signal),
    });
    const { tallies } = await run({ source: { ...source, content } });
    expect(problems).toHaveLength(2);
    // Of whichever repository that has it was read first.
    expect(problems[0]).toMatch(new RegExp(`blob ${wrong} of (?:team/app|tool): the source gave`));
    expect(tallies.get('paris')).toMatchObject({ copied: OBJECTS - 1, failed: 1 });
    await requireTrue(stores['paris'] ?? expect.fail());
  });
});

/** So many images, each with a layer and a config of its own. */
function largeSource(images: number): FakeMirrorSource {
  const source = fakeMirrorSource();
  for (let number = 0; number < images; number += 1) {
    source.tag('team/app', `v${number}`, addImage(source.images, `number ${number}`).digest);
  }
  return source;
}

describe('what is given up', () => {
  test('a target that fails for fifty objects in a row, and not one that fails now and then', async () => {
    const { stores, problems, prepare } = bench(largeSource(60));
    const { dublin = expect.fail(), paris = expect.fail() } = stores;
    const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail();
    let writes = 0;
    const dead: StorageDriver = { ...dublin, write: () => Promise.reject(failed()) };
    const shaky: StorageDriver = {
      ...paris,
      async write(...given) {
        writes += 1;
        if (writes % 40 !== 0) throw failed();
        return paris.write(...given);
      },
    };
    const targets = [
      { name: 'dublin', store: dead, blobPath, publicUrl: undefined },
      { name: 'paris', store: shaky, blobPath, publicUrl: undefined },
    ];
    const { tallies, carryOut } = await prepare({ targets });
    const ports = {
      sleep: async () => {},
      random: () => 0,
      retries: 2,
      backoff: 1,
      patience: 1_000,
    };
    await carryOut(ports, 1);
    expect(tallies.get('dublin')).toMatchObject({
      failed: 180,
      lost: '50 objects in a row failed',
    });
    expect(tallies.get('paris')?.lost).toBeUndefined();
    const ofDublin = problems.filter((problem) => problem.startsWith('dublin: '));
    expect(ofDublin).toHaveLength(50);
  });

  test('the rest, when it is to end, also in the middle of a wait; what there is by then is published', async () => {
    const { source, stores, prepare } = bench();
    const stop = new AbortController();
    const problems: string[] = [];
    const content: FakeMirrorSource['content'] = (repository) => ({
      ...source.content(repository),
      fetchBlob: () => Promise.reject(new UpstreamError('unreachable', 'it is down')),
    });
    const onProblem = (problem: string) => void problems.push(problem);
    const prepared = await prepare({
      source: { ...source, content },
      onProblem,
      signal: stop.signal,
    });
    const sleep = async () => {
      stop.abort();
      stop.signal.throwIfAborted();
    };
    const ports = { sleep, random: () => 0, retries: 2, backoff: 1, patience: 1_000 };
    await prepared.carryOut(ports, 1);
    expect(problems).toEqual([expect.stringContaining('blob'), expect.stringContaining('blob')]);
    expect(await indexOf(stores['dublin'] ?? expect.fail())).toEqual([]);
  });

  test('the catalogue, where repositories are named besides', async () => {
    const { source, problems, run } = bench();
    const listRepositories = () => Promise.reject(new Error('there is none'));
    const given = { source: { ...source, listRepositories } };
    expect((await run(given)).repositories).toBe(1);
    expect(problems).toEqual(['there is none']);
    const selections = [parseSelection('team/*') ?? expect.fail()];
    await expect(run({ ...given, selections })).rejects.toThrow('there is none');
  });
});

function failed(): StorageError {
  return new StorageError('failed', 'any', 'it answered 500');
}

test.each([true, false])(
  'wherever it dies (its last write done: %s), the next run ends it, and nothing is written twice',
  async (done) => {
    let [fatal, isOver] = [1, false];
    for (; !isOver; fatal += 1) {
      const { stores, run } = bench();
      const { dublin = expect.fail() } = stores;
      const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail();
      const about = { name: 'dublin', blobPath, publicUrl: 'https://dublin.example' };
      const { storage: store, begun } = crashingDriver(dublin, fatal, done);
      await run({ targets: [{ ...about, store }] });
      isOver = begun() < fatal;
      await requireTrue(dublin);
      const before = await heldIn(dublin);
      const { tallies } = await run({ targets: [{ ...about, store: dublin }] });
      expect(tallies.get('dublin')?.copied).toBe(OBJECTS - before.length);
      expect(await indexOf(dublin)).toHaveLength(OBJECTS);
    }
    expect(fatal).toBeGreaterThan(3 * OBJECTS);
  },
);

test('two runs at once publish what both have brought', async () => {
  const { stores, run } = bench();
  await Promise.all([run(), run()]);
  for (const store of Object.values(stores)) {
    expect(await heldIn(store)).toHaveLength(OBJECTS);
    expect(await indexOf(store)).toHaveLength(OBJECTS);
  }
});

describe('digests that are declared', () => {
  /** Two versions with a signature each: by the API, and by a tag. */
  function declaredBench() {
    const source = fakeMirrorSource();
    const { images } = source;
    const [old, current] = [addImage(images, 'old'), addImage(images, 'current')];
    addReferrer(images, old, 'text/signature');
    const signed = `${current.digest.replace(':', '-')}.sig`;
    source.tag('tool', signed, addImage(images, 'signature').digest);
    source.tag('tool', 'other', addImage(images, 'not wanted').digest);
    const declared = new Map([['tool', [old.digest, current.digest]]]);
    return { ...bench(source), options: { selections: [], declared, referrersAfter: 500_000 } };
  }

  test('are mirrored with what is about them, and nothing else is', async () => {
    const { stores, problems, run, options } = declaredBench();
    await run(options);
    expect(problems).toEqual([]);
    // Two images and a signature of three objects each, and one referrer of three.
    expect(await heldIn(stores['dublin'] ?? expect.fail())).toHaveLength(4 * 3);
  });

  test('cost nothing when they are known, until it is time to look for what is about them', async () => {
    const { source, run, options } = declaredBench();
    await run(options);
    source.asked.splice(0);
    const { plan } = await run(options);
    expect(plan.wanted.objects).toBe(4 * 3);
    expect(source.asked).toEqual([]);
    await run({ ...options, referrersAfter: 0 });
    expect(source.asked.filter((line) => !line.startsWith('referrers'))).toEqual([
      'tags tool',
      expect.stringMatching(/^head tool:sha256-.*\.sig$/),
    ]);
  });

  test('are mirrored although nobody may list the tags, which is a problem each time', async () => {
    const { source, problems, run, options } = declaredBench();
    const refused: FakeMirrorSource = {
      ...source,
      listTags: () => Promise.reject(new Error('refused')),
    };
    const { plan } = await run({ ...options, source: refused });
    expect(plan.wanted.objects).toBe(3 * 3);
    await run({ ...options, source: refused });
    expect(problems).toEqual(['tool: refused', 'tool: refused']);
  });

  test('that are not there are named, and the rest is mirrored', async () => {
    const { problems, run, options } = declaredBench();
    const gone = digestOf(Buffer.from('gone'));
    const declared = new Map([...options.declared, ['lost', [gone]]]);
    const { plan } = await run({ ...options, declared });
    expect(plan.wanted.objects).toBe(4 * 3);
    expect(problems).toEqual([`lost@${gone}: the manifest is listed, and not there`]);
  });

  test('stand beside tags of the same repository', async () => {
    const { source, run, options } = declaredBench();
    const selections = [parseSelection('tool:other') ?? expect.fail('it is one')];
    const { plan } = await run({ ...options, selections });
    expect(plan.wanted.objects).toBe(5 * 3);
    expect(source.asked.filter((line) => line.startsWith('tags'))).toEqual(['tags tool']);
  });
});
