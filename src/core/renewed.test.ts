// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { renewed } from './renewed.ts';

test('it is fetched once for all who ask, and again when it is nearly over', async () => {
  let [now, count] = [0, 0];
  const fetch = async () => ({ value: ++count, expiresAt: now + 1_000_000 });
  const get = renewed(fetch, { now: () => now, early: 240_000 });
  expect(await Promise.all([get(), get()])).toEqual([1, 1]);
  now = 700_000;
  expect(await get()).toBe(1);
  now = 800_000;
  expect(await get()).toBe(2);
});

test('a failure is not remembered', async () => {
  let isDown = true;
  const get = renewed(
    async () => {
      if (isDown) throw new Error('down');
      return { value: 'token', expiresAt: 1_000_000 };
    },
    { now: () => 0, early: 240_000 },
  );
  await expect(get()).rejects.toThrow('down');
  isDown = false;
  expect(await get()).toBe('token');
});
