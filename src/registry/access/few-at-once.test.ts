// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { fewAtOnce } from './few-at-once.ts';

test('so many run, so many wait, and one more is turned away', async () => {
  const inTurn = fewAtOnce(2, 1);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
  };
  const results = ['a', 'b', 'c'].map((name) => inTurn(work(name)));
  expect(inTurn(work('d'))).toBeUndefined();
  expect(begun).toEqual(['a', 'b']);
  ends.get('b')?.();
  await results[1];
  await Promise.resolve();
  expect(begun).toEqual(['a', 'b', 'c']);
  for (const end of ends.values()) end();
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
});

test('work that fails gives its place back', async () => {
  const inTurn = fewAtOnce(1, 0);
  await expect(inTurn(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await inTurn(async () => 1)).toBe(1);
});
