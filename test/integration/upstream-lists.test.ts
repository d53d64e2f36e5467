// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test } from 'vitest';
import type { ListRequest } from '../../src/redirector/list-answer.ts';
import { listFetcher } from '../../src/redirector/list-fetcher.ts';
import { upstreamLists } from '../../src/redirector/upstream-lists.ts';
import { openUpstream } from '../../src/upstream/http-client.ts';
import {
  type CapturedRequest,
  type FakeAnswer,
  json,
  startFakeUpstream,
} from '../support/fake-upstream.ts';
import { someUpstream } from '../support/routing.ts';

const opened: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

const BASIC = `Basic ${Buffer.from('robot:hunter2').toString('base64')}`;

/** Lists of an upstream on the loopback interface, fetched with its credentials. */
async function listsOf(answer: (request: CapturedRequest) => FakeAnswer | undefined) {
  const up = await startFakeUpstream(answer);
  const credentials = async () => ({ username: 'robot', password: 'hunter2' });
  const client = openUpstream({ origin: up.url, credentials, limits: { retries: 0 } });
  opened.push(() => client.close(), up.stop);
  const lists = upstreamLists({
    fetch: listFetcher(async () => client),
    now: Date.now,
    sleep: () => ({ over: new Promise(() => {}), cancel() {} }),
  });
  /** Asks as a client does: with a path and query of ours. */
  const ask = (target: string) => lists(requestOf(target, up.url));
  return { up, ask };
}

function requestOf(target: string, url: string): ListRequest {
  const { pathname, search } = new URL(target, 'http://front');
  const [, repository = '', path = ''] =
    /^\/v2\/(.+?)\/((?:tags|referrers)\/.+)$/.exec(pathname) ?? [];
  const list = path === 'tags/list' ? 'tags' : 'referrers';
  const upstream = someUpstream('main', { url });
  const to = `${url}/v2/${upstream.repositoryPrefix}${repository}/${path}${search}`;
  const otherwise = { kind: 'redirect', to, by: 'main', reason: 'list' } as const;
  return { kind: 'fetch-list', list, upstream, repository, path, query: search, otherwise };
}

/** A registry that lists five tags, two a page, to those who log in. */
function pagingRegistry({ target, authorization }: CapturedRequest): FakeAnswer | undefined {
  if (authorization !== BASIC)
    return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
  const { pathname, searchParams } = new URL(target, 'http://up');
  const rest = ['a', 'b', 'c', 'd', 'e'].filter((tag) => tag > (searchParams.get('last') ?? ''));
  const page = rest.slice(0, 2);
  const link = `<${pathname}?last=${page.at(-1)}&n=2>; rel="next"`;
  const name = pathname.slice('/v2/'.length, -'/tags/list'.length);
  return json({ name, tags: page }, rest.length > 2 ? { link } : {});
}

test('a client that follows every link gets all three pages, each under our name', async () => {
  const { ask, up } = await listsOf(pagingRegistry);
  const pages: unknown[] = [];
  let next: string | undefined = '/v2/pause/tags/list?n=2';
  while (next !== undefined) {
    const answer = await ask(next);
    pages.push(JSON.parse(Buffer.from(answer?.body as Uint8Array).toString()));
    next = /<([^>]+)>/.exec(answer?.headers.join(' ') ?? '')?.[1];
  }
  expect(pages).toEqual([
    { name: 'pause', tags: ['a', 'b'] },
    { name: 'pause', tags: ['c', 'd'] },
    { name: 'pause', tags: ['e'] },
  ]);
  expect(
    up.requests.filter(({ authorization }) => authorization === BASIC).map(({ target }) => target),
  ).toEqual([
    '/v2/acme/images/pause/tags/list?n=2',
    '/v2/acme/images/pause/tags/list?last=b&n=2',
    '/v2/acme/images/pause/tags/list?last=d&n=2',
  ]);
});

test('referrers are asked for as the index they are', async () => {
  const type = 'application/vnd.oci.image.index.v1+json';
  const body = '{"schemaVersion":2,"manifests":[]}';
  const { ask, up } = await listsOf(() => ({ headers: { 'content-type': type }, body }));
  const answer = await ask(`/v2/pause/referrers/sha256:${'a'.repeat(64)}?artifactType=x%2Fy`);
  expect(answer?.body).toEqual(Buffer.from(body));
  expect(up.requests[0]).toMatchObject({
    target: `/v2/acme/images/pause/referrers/sha256:${'a'.repeat(64)}?artifactType=x%2Fy`,
    accept: type,
  });
});

test.each([
  ['absent', () => undefined],
  ['failing', () => ({ status: 500 })],
  [
    'too large',
    () => ({ headers: { 'content-type': 'application/json' }, body: 'x'.repeat(4_194_305) }),
  ],
  [
    'leading to the metadata service',
    () => ({ status: 307, headers: { location: 'http://169.254.169.254/' } }),
  ],
])('a list that is %s is a doubt', async (_name, answer) => {
  const { ask } = await listsOf(answer);
  expect(await ask('/v2/pause/tags/list')).toBeUndefined();
});
