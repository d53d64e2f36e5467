// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { byteBudget } from './byte-budget.ts';

/** Work that says when it begins, and ends when it is told to. */
function work(begun: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const run = () => {
    begun.push(name);
    return promise;
  };
  return { run, end: () => resolve(name) };
}

test('work begins when there is room for it, in the order in which it came', async () => {
  const begun: string[] = [];
  const { within } = byteBudget(10);
  const [one, two, large, small] = ['one', 'two', 'large', 'small'].map((name) =>
    work(begun, name),
  ) as [Work, Work, Work, Work];
  const done = [within(5, one.run), within(5, two.run), within(6, large.run), within(1, small.run)];
  await turns();
  expect(begun).toEqual(['one', 'two']);
  one.end();
  await turns();
  // Small work that came later does not push in.
  expect(begun).toEqual(['one', 'two']);
  two.end();
  await turns();
  expect(begun).toEqual(['one', 'two', 'large', 'small']);
  for (const { end } of [large, small]) end();
  expect(await Promise.all(done)).toEqual(['one', 'two', 'large', 'small']);
});

test('work that is larger than everything is done alone', async () => {
  const begun: string[] = [];
  const { within } = byteBudget(10);
  const [huge, next] = ['huge', 'next'].map((name) => work(begun, name)) as [Work, Work];
  const done = [within(100, huge.run), within(1, next.run)];
  await turns();
  expect(begun).toEqual(['huge']);
  huge.end();
  next.end();
  expect(await Promise.all(done)).toEqual(['huge', 'next']);
});

test('work that fails gives back what it took', async () => {
  const { within } = byteBudget(10);
  const failing = within(10, () => Promise.reject(new Error('failed')));
  const next = within(10, async () => 'next');
  await expect(failing).rejects.toThrow('failed');
  expect(await next).toBe('next');
});

type Work = ReturnType<typeof work>;

async function turns(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await Promise.resolve();
}
