// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { concurrently } from './concurrently.ts';

/** Work that ends when told to, and knows how much of it was under way at once. */
function controlledWork() {
  const waiting: Array<() => void> = [];
  let most = 0;
  return {
    most: () => most,
    letAllGo: async () => {
      for (let turn = 0; turn < 20; turn++) {
        waiting.shift()?.();
        await Promise.resolve();
      }
    },
    async wait() {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      most = Math.max(most, waiting.length);
      await promise;
    },
  };
}

test('results come in order, and no more than the limit is under way', async () => {
  const { wait, most, letAllGo } = controlledWork();
  const done = concurrently([1, 2, 3, 4, 5], 2, async (item) => {
    await wait();
    return item * 10;
  });
  await letAllGo();
  await letAllGo();
  expect(await done).toEqual([10, 20, 30, 40, 50]);
  expect(most()).toBe(2);
});

test('after a failure nothing is begun, and what was begun has ended', async () => {
  const ended: number[] = [];
  const failed = concurrently([1, 2, 3, 4, 5, 6], 3, async (item) => {
    await Promise.resolve();
    if (item === 1) throw new Error('one failed');
    await Promise.resolve();
    await Promise.resolve();
    ended.push(item);
  });
  await expect(failed).rejects.toThrow('one failed');
  expect(ended).toEqual([2, 3]);
});

test('nothing to do is done', async () => {
  expect(await concurrently([], 4, async () => 1)).toEqual([]);
});
