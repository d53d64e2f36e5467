// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { digestTable } from '../core/mirroring/digest-table.ts';
import { parseBlobPath } from '../core/routing/blob-path.ts';
import { digestOf } from '../registry/store/verify-body.ts';
import type { ObjectStore } from '../storage/driver.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { carryOut, newTally } from './carry-out.ts';

const CHUNK = Buffer.alloc(100, 'x');
const SIZE = 400;
const MIB = 1024 * 1024;

const JOB = { onProblem: () => undefined, onStep: async () => undefined };
const PORTS = {
  signal: new AbortController().signal,
  sleep: async () => undefined,
  random: () => 0,
  retries: 0,
  backoff: 1,
  patience: 1_000,
};

/** One object in four chunks, of which whoever is asked for them tells. */
async function copyOne(chunks: (moving: () => number) => AsyncGenerator<Uint8Array>) {
  const tally = newTally();
  const copy = {
    kind: 'blob',
    digest: digestOf(Buffer.alloc(SIZE, 'x')),
    size: SIZE,
    mediaType: 'text/plain',
    repository: 'app',
    targets: ['here'],
  } as const;
  const blobPath = parseBlobPath('{digest}') ?? expect.fail('it is a path');
  const target = { name: 'here', store: memoryDriver(), blobPath, held: digestTable() };
  await carryOut({
    copies: [copy],
    targets: [target],
    concurrency: 1,
    memory: SIZE,
    tallies: new Map([['here', tally]]),
    ...JOB,
    ports: { ...PORTS, open: async () => chunks(() => tally.moving) },
  });
  return tally;
}

test('bytes count while an object moves, and as copied once it is whole', async () => {
  const seen: number[] = [];
  const tally = await copyOne(async function* (moving) {
    for (let count = 0; count < 4; count += 1) {
      seen.push(moving());
      yield CHUNK;
    }
  });
  // The last chunk is held back until it is known to be right.
  expect(seen).toEqual([0, 0, 100, 200]);
  expect(tally).toEqual({ copied: 1, bytes: SIZE, moving: 0, failed: 0, lost: undefined });
});

test('of an attempt that fails nothing is left', async () => {
  const tally = await copyOne(async function* () {
    yield CHUNK;
    yield CHUNK;
    yield CHUNK;
    throw new Error('it broke');
  });
  expect(tally).toEqual({ copied: 0, bytes: 0, moving: 0, failed: 1, lost: undefined });
});

/** How many of six objects were on their way at once. */
async function mostAtOnce(size: number, store: Partial<ObjectStore>): Promise<number> {
  const copies = Array.from({ length: 6 }, (_, place) => ({
    kind: 'blob' as const,
    digest: digestOf(Buffer.from(String(place))),
    size,
    mediaType: 'text/plain',
    repository: 'app',
    targets: ['here'],
  }));
  let [underWay, most] = [0, 0];
  const target = {
    name: 'here',
    store: { ...memoryDriver(), ...store },
    blobPath: parseBlobPath('{digest}') ?? expect.fail('it is a path'),
    held: digestTable(),
  };
  await carryOut({
    ...JOB,
    copies,
    targets: [target],
    concurrency: 6,
    memory: 40 * MIB,
    tallies: new Map(),
    ports: {
      ...PORTS,
      async open() {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return undefined;
      },
    },
  });
  return most;
}

test('as many objects are on their way as have room, by what their target buffers of them', async () => {
  expect(await mostAtOnce(1024 * MIB, {})).toBe(6);
  const bufferedOf = (size: number) => Math.min(size, 16 * MIB);
  expect(await mostAtOnce(1024 * MIB, { bufferedOf })).toBe(2);
  expect(await mostAtOnce(MIB, { bufferedOf })).toBe(6);
  expect(await mostAtOnce(1024 * MIB, { bufferedOf: (size) => size })).toBe(1);
});
