// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { digestTable } from '../core/mirroring/digest-table.ts';
import { parseBlobPath } from '../core/routing/blob-path.ts';
import { digestOf } from '../registry/store/verify-body.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { carryOut, newTally } from './carry-out.ts';

const CHUNK = Buffer.alloc(100, 'x');
const SIZE = 400;

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
    tallies: new Map([['here', tally]]),
    onProblem: () => undefined,
    onStep: async () => undefined,
    ports: {
      open: async () => chunks(() => tally.moving),
      signal: new AbortController().signal,
      sleep: async () => undefined,
      random: () => 0,
      retries: 0,
      backoff: 1,
      patience: 1_000,
    },
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
