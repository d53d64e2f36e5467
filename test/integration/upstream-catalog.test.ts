// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type CatalogQuestion, fetchCatalog } from '../../src/upstream/catalog-fetch.ts';
import {
  bearerChallenge,
  type FakeAnswer,
  type FakeUpstream,
  json,
} from '../support/fake-upstream.ts';
import { upstreamBench } from '../support/upstream-bench.ts';

const { start, connect } = upstreamBench();

/** A catalogue of so many pages of two names, `p0-a` and `p0-b` first. */
function pages(count: number): (target: string) => FakeAnswer {
  return (target) => {
    const page = Number(/last=(\d+)/.exec(target)?.[1] ?? -1) + 1;
    const next: Record<string, string> =
      page + 1 < count ? { link: `</v2/_catalog?last=${page}&n=2>; rel="next"` } : {};
    return json({ repositories: [`acme/p${page}-a`, `acme/p${page}-b`] }, next);
  };
}

async function catalogOf(upstream: FakeUpstream, question: Partial<CatalogQuestion> = {}) {
  const { signal } = new AbortController();
  const client = connect(upstream.url, { limits: { retries: 0 } });
  const { names, skipped } = await fetchCatalog(client, { prefix: 'acme/', signal, ...question });
  return { names: [...names], skipped };
}

test('all pages are read, and the prefix goes', async () => {
  const up = await start(({ target }) => pages(3)(target));
  const names = ['p0-a', 'p0-b', 'p1-a', 'p1-b', 'p2-a', 'p2-b'];
  expect(await catalogOf(up)).toEqual({ names, skipped: 0 });
  expect(up.requests.map(({ target }) => target)).toEqual([
    '/v2/_catalog?n=1000',
    '/v2/_catalog?last=0&n=2',
    '/v2/_catalog?last=1&n=2',
  ]);
});

test('names of others are left out, and names nobody can ask for are counted', async () => {
  const up = await start(() => json({ repositories: ['acme/a', 'b', 'acme/B', 'acme/c/*'] }));
  expect(await catalogOf(up)).toEqual({ names: ['a'], skipped: 2 });
});

test('a registry that wants a token for it is asked for the token of a catalogue', async () => {
  const up: FakeUpstream = await start(({ target, authorization }) => {
    if (target.startsWith('/token')) return json({ token: 'abc' });
    return authorization === 'Bearer abc'
      ? json({ repositories: ['acme/a'] })
      : bearerChallenge(`${up.url}/token`);
  });
  expect((await catalogOf(up)).names).toEqual(['a']);
  const scope = encodeURIComponent('registry:catalog:*');
  expect(up.requests.map(({ target }) => target)).toContain(
    `/token?service=registry&scope=${scope}`,
  );
});

describe('a part is never taken for the whole:', () => {
  const first = { repositories: ['acme/a'] };
  const leading = (target: string) => json(first, { link: `<${target}>; rel="next"` });

  test.each<[string, string, (target: string) => FakeAnswer | undefined]>([
    ['no catalogue', 'bad-answer', () => undefined],
    ['what is no catalogue', 'bad-answer', () => json({ names: ['a'] })],
    ['bytes that are no text', 'bad-answer', () => ({ body: Uint8Array.of(0xff) })],
    ['a failing registry', 'status', () => ({ status: 500 })],
    ['a page that is cut off', 'bad-answer', () => ({ body: '{"repositories":["acme/a"' })],
    [
      'a page that breaks',
      'unreachable',
      () => ({
        headers: { 'content-length': '100' },
        write: (response) => response.write('{', () => response.destroy()),
      }),
    ],
    ['another host', 'bad-answer', () => leading('http://127.0.0.1:9/v2/_catalog?last=a')],
    ['another path', 'bad-answer', () => leading('/v2/acme/tags/list?last=a')],
    [
      'a second page that fails',
      'status',
      (target) => (target.includes('last') ? { status: 503 } : leading('/v2/_catalog?last=a')),
    ],
    ['pages in a circle', 'too-large', () => leading('/v2/_catalog?last=a')],
  ])('%s', async (_, code, answer) => {
    const up = await start(({ target }) => answer(target));
    await expect(catalogOf(up)).rejects.toMatchObject({ code });
  });

  test.each([
    ['names', { names: 5 }],
    ['pages', { pages: 2 }],
  ])('too many %s', async (_, limits) => {
    const up = await start(({ target }) => pages(3)(target));
    await expect(catalogOf(up, { limits })).rejects.toMatchObject({ code: 'too-large' });
    const enough = { names: 6, pages: 3 };
    expect((await catalogOf(up, { limits: enough })).names).toHaveLength(6);
  });

  test('a page with too many bytes', async () => {
    const up = await start(() => json({ repositories: ['acme/a'], more: 'x'.repeat(1_000) }));
    const limits = { pageBytes: 1_000 };
    await expect(catalogOf(up, { limits })).rejects.toMatchObject({ code: 'too-large' });
  });

  test('pages that come too slowly, however fast each of them is', async () => {
    let page = 0;
    const up = await start(() => {
      page += 1;
      const { headers = {}, body = '' } = leading(`/v2/_catalog?last=${page}`);
      return { headers, write: (response) => setTimeout(() => response.end(body), 50) };
    });
    const limits = { deadline: 300 };
    await expect(catalogOf(up, { limits })).rejects.toMatchObject({ code: 'timeout' });
    expect(up.requests.length).toBeGreaterThan(1);
  });
});

test('whoever asked can stop it', async () => {
  const stop = new AbortController();
  const up = await start(() => {
    stop.abort();
    return { write: () => {} };
  });
  await expect(catalogOf(up, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
});
