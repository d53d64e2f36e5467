// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { someUpstream } from '../../test/support/routing.ts';
import type { FetchedList, ListRequest } from './list-answer.ts';
import {
  DEFAULT_LIST_LIMITS,
  type ListLimits,
  type ListQuestion,
  upstreamLists,
} from './upstream-lists.ts';

const HEX = 'a'.repeat(64);
const INDEX = 'application/vnd.oci.image.index.v1+json';

function tagsOf(repository: string, query = ''): ListRequest {
  return request('tags', repository, 'tags/list', query);
}

function referrersOf(repository: string): ListRequest {
  return request('referrers', repository, `referrers/sha256:${HEX}`, '');
}

function request(
  list: ListRequest['list'],
  repository: string,
  path: string,
  query: string,
): ListRequest {
  const upstream = someUpstream('main');
  const to = `${upstream.url}/v2/${upstream.repositoryPrefix}${repository}/${path}${query}`;
  const otherwise = { kind: 'redirect', to, by: 'main', reason: 'list' } as const;
  return { kind: 'fetch-list', list, upstream, repository, path, query, otherwise };
}

type Headers = Readonly<Record<string, string>>;

function fetched(
  body: string | Uint8Array,
  headers: Headers = { 'content-type': 'application/json' },
): FetchedList {
  return {
    bytes: typeof body === 'string' ? Buffer.from(body) : body,
    header: (name) => headers[name],
  };
}

/** Lists whose upstream answers when the test says so, and whose clock the test moves. */
function bench(limits: Partial<ListLimits> = {}) {
  let time = 0;
  const asked: ListQuestion[] = [];
  const pending: Array<PromiseWithResolvers<FetchedList | undefined>> = [];
  const deadline = Promise.withResolvers<void>();
  const fetchList = upstreamLists(
    {
      now: () => time,
      sleep: () => ({ over: deadline.promise, cancel() {} }),
      fetch: (question) => {
        asked.push(question);
        const answer = Promise.withResolvers<FetchedList | undefined>();
        pending.push(answer);
        return answer.promise;
      },
    },
    { ...DEFAULT_LIST_LIMITS, ...limits },
  );
  return {
    fetchList,
    asked,
    answer: (list: FetchedList | undefined) => pending.shift()?.resolve(list),
    fail: () => pending.shift()?.reject(new Error('connection refused')),
    runOutOfTime: () => deadline.resolve(),
    pass: (milliseconds: number) => (time += milliseconds),
  };
}

/** What a client gets for one answer of the upstream. */
async function answerTo(list: ListRequest, answer: FetchedList) {
  const lists = bench();
  const got = lists.fetchList(list);
  lists.answer(answer);
  return got;
}

const TAGS = '{"name":"acme/images/pause","tags":["1"]}';

describe('a list', () => {
  test('is asked of the upstream under its name there, and answered under ours', async () => {
    const { fetchList, asked, answer } = bench();
    const got = fetchList(tagsOf('pause', '?n=1&last=%2B'));
    expect(asked).toMatchObject([
      {
        upstream: 'main',
        path: '/v2/acme/images/pause/tags/list',
        query: '?n=1&last=%2B',
        list: 'tags',
        maxBytes: 4_194_304,
      },
    ]);
    answer(
      fetched(TAGS, {
        'content-type': 'application/json; charset=utf-8',
        link: '</v2/acme/images/pause/tags/list?n=1&last=1>; rel="next"',
        'set-cookie': 'x',
      }),
    );
    expect(await got).toEqual({
      status: 200,
      headers: [
        'Content-Type',
        'application/json',
        'Link',
        '</v2/pause/tags/list?n=1&last=1>; rel="next"',
      ],
      body: new TextEncoder().encode('{"name":"pause","tags":["1"]}'),
      facts: { by: 'main', reason: 'list' },
    });
  });

  test('of referrers keeps its bytes, and says which filters were applied', async () => {
    const bytes = Buffer.from(' {"schemaVersion":2,"manifests":[]} ');
    const headers = { 'content-type': INDEX, 'oci-filters-applied': 'artifactType, x' };
    expect(await answerTo(referrersOf('pause'), fetched(bytes, headers))).toMatchObject({
      headers: ['Content-Type', INDEX, 'OCI-Filters-Applied', 'artifactType, x'],
      body: bytes,
    });
  });

  test.each([
    ['of another type', fetched(TAGS, { 'content-type': 'text/html' })],
    ['of no type', fetched(TAGS, {})],
    ['that is no JSON', fetched('<html>')],
    ['that is no UTF-8', fetched(Buffer.from('{"name":"\xff","tags":[]}', 'latin1'))],
    ['without tags', fetched('{"name":"x"}')],
    [
      'that goes on elsewhere',
      fetched(TAGS, {
        'content-type': 'application/json',
        link: '<https://evil.example/>; rel="next"',
      }),
    ],
    ['with a malformed link', fetched(TAGS, { 'content-type': 'application/json', link: 'next' })],
    [
      'with a strange filter',
      fetched(TAGS, { 'content-type': 'application/json', 'oci-filters-applied': 'a\r\nX: y' }),
    ],
  ])('%s is a doubt', async (_name, answer) => {
    expect(await answerTo(tagsOf('pause'), answer)).toBeUndefined();
  });

  test.each(['{"schemaVersion":2}', '{"manifests":[{}]}', '[]', TAGS])(
    'of referrers that is %s is a doubt',
    async (body) => {
      expect(
        await answerTo(referrersOf('pause'), fetched(body, { 'content-type': INDEX })),
      ).toBeUndefined();
    },
  );
});

describe('asking', () => {
  test('however many clients want the same list, the upstream is asked once', async () => {
    const { fetchList, asked, answer } = bench();
    const clients = Array.from({ length: 50 }, () => fetchList(tagsOf('pause')));
    answer(fetched(TAGS));
    expect(new Set(await Promise.all(clients)).size).toBe(1);
    expect(asked).toHaveLength(1);
  });

  test('an answer is kept for its time, then asked for again', async () => {
    const { fetchList, asked, answer, pass } = bench();
    const first = fetchList(tagsOf('pause'));
    answer(fetched(TAGS));
    await first;
    pass(9_999);
    expect(await fetchList(tagsOf('pause'))).toBe(await first);
    expect(asked).toHaveLength(1);
    pass(1);
    void fetchList(tagsOf('pause'));
    expect(asked).toHaveLength(2);
  });

  test('lists of other repositories, pages and kinds are others', async () => {
    const { fetchList, asked } = bench();
    const lists = [tagsOf('a'), tagsOf('b'), tagsOf('a', '?n=1'), referrersOf('a')];
    for (const list of lists) void fetchList(list);
    expect(asked).toHaveLength(4);
  });

  test.each([
    ['absence', (lists: ReturnType<typeof bench>) => lists.answer(undefined)],
    ['a failure', (lists: ReturnType<typeof bench>) => lists.fail()],
    ['slowness', (lists: ReturnType<typeof bench>) => lists.runOutOfTime()],
  ])('%s is a doubt, which is kept too', async (_name, happen) => {
    const lists = bench();
    const got = lists.fetchList(tagsOf('pause'));
    happen(lists);
    expect(await got).toBeUndefined();
    expect(await lists.fetchList(tagsOf('pause'))).toBeUndefined();
    expect(lists.asked).toHaveLength(1);
    expect(lists.asked[0]?.signal.aborted).toBe(true);
  });

  test('no more than so many are asked for at once; the rest is a doubt that is not kept', async () => {
    const { fetchList, asked, answer } = bench({ maxConcurrent: 1 });
    const first = fetchList(tagsOf('a'));
    expect(await fetchList(tagsOf('b'))).toBeUndefined();
    answer(fetched(TAGS));
    await first;
    void fetchList(tagsOf('b'));
    expect(asked).toHaveLength(2);
  });

  test('what is kept is bounded in bytes: a large list makes room for another', async () => {
    const { fetchList, asked, answer } = bench({ cacheBytes: 10_000 });
    const large = `{"name":"x","tags":["${'a'.repeat(6_000)}"]}`;
    for (const repository of ['a', 'b']) {
      const got = fetchList(tagsOf(repository));
      answer(fetched(large));
      await got;
    }
    void fetchList(tagsOf('b'));
    expect(asked).toHaveLength(2);
    void fetchList(tagsOf('a'));
    expect(asked).toHaveLength(3);
  });

  test('threat 19: what is kept is bounded in bytes, doubts included', async () => {
    const { fetchList, asked, answer } = bench({ cacheBytes: 10_000 });
    for (const repository of Array.from({ length: 50 }, (_, at) => `r${at}`)) {
      const got = fetchList(tagsOf(repository));
      answer(undefined);
      await got;
    }
    void fetchList(tagsOf('r49'));
    expect(asked).toHaveLength(50);
    void fetchList(tagsOf('r0'));
    expect(asked).toHaveLength(51);
  });
});
