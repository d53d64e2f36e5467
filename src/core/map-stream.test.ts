// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { all } from '../../test/support/storage-reading.ts';
import { mapStream } from './map-stream.ts';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number;
}

/** Work that ends when it is told to, the last one first. */
function held() {
  const ends: Array<() => void> = [];
  let most = 0;
  const work = (item: number) =>
    new Promise<number>((resolve) => {
      ends.push(() => resolve(item * 2));
      most = Math.max(most, ends.length);
    });
  return { work, ends, most: () => most };
}

test('results come in the order of the items, whichever is done first', async () => {
  const { work, ends } = held();
  const results = all(mapStream(numbers(3), 3, work));
  await Promise.resolve();
  while (ends.length < 3) await new Promise((resolve) => setImmediate(resolve));
  for (const end of ends.reverse()) end();
  expect(await results).toEqual([0, 2, 4]);
});

test('no more items are taken than the limit says', async () => {
  let underWay = 0;
  const seen: number[] = [];
  const work = async (item: number) => {
    underWay += 1;
    seen.push(underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    return item;
  };
  expect(await all(mapStream(numbers(20), 3, work))).toHaveLength(20);
  expect(Math.max(...seen)).toBe(3);
});

test('a failure is thrown in its turn, when what was begun has ended', async () => {
  const ended: number[] = [];
  const work = async (item: number) => {
    if (item === 1) throw new Error('one');
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(item);
    return item;
  };
  const results: number[] = [];
  const reading = (async () => {
    for await (const result of mapStream(numbers(10), 3, work)) results.push(result);
  })();
  await expect(reading).rejects.toThrow('one');
  expect(results).toEqual([0]);
  expect(ended).toEqual([0, 2, 3]);
});

test('a stream that fails ends what was begun', async () => {
  async function* broken(): AsyncGenerator<number> {
    yield 1;
    throw new Error('broken');
  }
  const ended: number[] = [];
  const work = async (item: number) => {
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(item);
  };
  await expect(all(mapStream(broken(), 3, work))).rejects.toThrow('broken');
  expect(ended).toEqual([1]);
});
