// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { fetchChildren } from '../../src/upstream/children-fetch.ts';
import { type FakeAnswer, json } from '../support/fake-upstream.ts';
import { upstreamBench } from '../support/upstream-bench.ts';

const { start, connect } = upstreamBench();

async function namesBelow(bases: readonly string[], answer: (name: string) => FakeAnswer) {
  const up = await start(({ target }) => answer(target.replace(/^\/v2\/|\/tags\/list.*$/g, '')));
  const signal = new AbortController().signal;
  const found = await fetchChildren(connect(up.url), bases, signal);
  return found?.map(({ name }) => name);
}

test('what is below is found level by level, whatever of it cannot be read', async () => {
  const children: Readonly<Record<string, string[]>> = { a: ['b', 'c'], 'a/b': ['d'], e: [] };
  const names = await namesBelow(['a', 'e', 'a'], (name) =>
    name === 'a/c' ? { status: 403 } : json({ tags: [], child: children[name] ?? [] }),
  );
  expect(names?.sort()).toEqual(['a', 'a/b', 'a/b/d', 'a/c', 'e']);
});

test('a registry that says nothing of what is below says nothing', async () => {
  expect(await namesBelow(['a'], () => json({ tags: ['v1'] }))).toBeUndefined();
});

test('a registry in which everything is below everything comes to an end', async () => {
  const names = await namesBelow(['a'], () => json({ tags: [], child: ['x'.repeat(100)] }));
  expect(names).toHaveLength(3);
  const wide = Array.from({ length: 400 }, (_, place) => `c${place}`);
  const list = namesBelow(['a'], () => json({ tags: [], child: wide }));
  await expect(list).rejects.toMatchObject({ code: 'too-large' });
});
