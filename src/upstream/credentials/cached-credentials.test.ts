// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { cachedCredentials } from './cached-credentials.ts';

function numbered() {
  const clock = { now: 0 };
  let count = 0;
  const provider = cachedCredentials(
    async () => {
      count += 1;
      if (count === 3) throw new Error('away');
      const credentials = { username: 'u', password: `p${count}` };
      return { credentials, until: clock.now + 3_600_000 };
    },
    () => clock.now,
  );
  return { clock, provider };
}

test('they are asked for once, however many wait, and again before they are over', async () => {
  const { clock, provider } = numbered();
  const all = await Promise.all([provider(), provider(), provider()]);
  expect(all).toEqual(all.map(() => ({ username: 'u', password: 'p1' })));
  clock.now = 3_539_999;
  expect(await provider()).toMatchObject({ password: 'p1' });
  clock.now = 3_540_000;
  expect(await provider()).toMatchObject({ password: 'p2' });
});

test('what failed is asked for again', async () => {
  const { clock, provider } = numbered();
  await provider();
  clock.now = 3_600_000;
  await provider();
  clock.now = 7_200_000;
  await expect(provider()).rejects.toThrow('away');
  expect(await provider()).toMatchObject({ password: 'p4' });
});
