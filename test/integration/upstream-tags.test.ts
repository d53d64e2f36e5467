// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { fetchTags } from '../../src/upstream/tags-fetch.ts';
import { type FakeAnswer, json } from '../support/fake-upstream.ts';
import { upstreamBench } from '../support/upstream-bench.ts';

const { start, connect } = upstreamBench();

/** What a registry that answers so makes of a list of tags. */
async function tagsOf(answer: (target: string) => FakeAnswer | undefined) {
  const up = await start(({ target }) => answer(target));
  return fetchTags(connect(up.url), 'team/app');
}

const next = (target: string) => ({ link: `<${target}>; rel="next"` });

test('all pages of tags are read, and names that nobody can ask for are left out', async () => {
  const tags = await tagsOf((target) =>
    target.endsWith('?n=1000')
      ? json({ name: 'x', tags: ['v1', 'v2', '../x', 7] }, next('/v2/team/app/tags/list?last=v2'))
      : json({ tags: ['v2', 'v3'] }),
  );
  expect(tags?.tags).toEqual(['v1', 'v2', 'v3']);
});

test('a repository without tags has none, and one that is not there is undefined', async () => {
  const none = await tagsOf(() => json({ name: 'team/app', tags: null }));
  expect(none).toEqual({ tags: [], digests: new Map(), children: undefined });
  expect(await tagsOf(() => undefined)).toBeUndefined();
});

test.each<[string, (target: string) => FakeAnswer | undefined, string]>([
  ['is no list', () => json({ tags: 'v1' }), 'bad-answer'],
  ['is no JSON', () => ({ body: '<html>' }), 'bad-answer'],
  ['leads to another host', () => json({ tags: [] }, next('https://evil.example/x')), 'bad-answer'],
  ['leads to another list', () => json({ tags: [] }, next('/v2/other/tags/list')), 'bad-answer'],
  ['leads to itself', () => json({ tags: [] }, next('/v2/team/app/tags/list?n=1000')), 'too-large'],
  [
    'breaks off',
    (target) =>
      target.includes('last')
        ? undefined
        : json({ tags: [] }, next('/v2/team/app/tags/list?last=a')),
    'bad-answer',
  ],
])('a list that %s is refused as a whole', async (_, answer, code) => {
  await expect(tagsOf(answer)).rejects.toMatchObject({ code });
});

const entry = (...tag: string[]) => ({ tag, mediaType: 'x', timeUploadedMs: '1' });
const [ONE, OTHER] = [`sha256:${'ab'.repeat(32)}`, `sha256:${'cd'.repeat(32)}`];

test('digests and children of all pages are put together, but for tags that have two', async () => {
  const found = await tagsOf((target) =>
    target.endsWith('?n=1000')
      ? json(
          { tags: ['a', 'b'], child: ['x'], manifest: { [ONE]: entry('a', 'b') } },
          next('?last=b'),
        )
      : json({ tags: ['c'], child: ['x', 'y'], manifest: { [OTHER]: entry('c', 'b') } }),
  );
  expect(found).toEqual({
    tags: ['a', 'b', 'c'],
    children: ['x', 'y'],
    digests: new Map([
      ['a', ONE],
      ['c', OTHER],
    ]),
  });
});

test('a page that is larger than any list has to be is refused before it is read', async () => {
  const size = 8 * 1024 * 1024 + 1;
  const list = tagsOf(() => ({
    headers: { 'content-type': 'application/json', 'content-length': String(size) },
    write: (response) => response.write('{"tags":['),
  }));
  await expect(list).rejects.toMatchObject({ code: 'too-large' });
});
