// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { memoryCopies } from '../../test/support/memory-copies.ts';
import { feedOfName, feedSource } from './feed-urls.ts';
import { type Fetched, type RefreshOutcome, refreshFeeds } from './refresh.ts';

const LIMITS = { maxMoved: 0.2, maxAdded: 1, shortestIPv4: 8, shortestIPv6: 16 };
const URL = 'https://feeds.example/aws.json';

function awsFeed(...prefixes: readonly string[]): string {
  return JSON.stringify({
    prefixes: prefixes.map((ip_prefix) => ({ ip_prefix, region: 'eu-west-1' })),
    ipv6_prefixes: [],
  });
}

const OLD = awsFeed('192.0.2.0/25', '192.0.2.128/25');
const NEW = awsFeed('192.0.2.0/24', '192.0.3.0/25');
const HALF = awsFeed('192.0.2.0/25');

/** A folder, an address that answers what it is told to, and what it was asked. */
function setting(given: Readonly<Record<string, string>> = {}) {
  const files = new Map(Object.entries(given));
  const asked: Array<string | undefined> = [];
  const refresh = async (answer: Fetched | Error, url = URL, isForced = false) => {
    const [outcome] = await refreshFeeds(
      [feedSource('aws', url)],
      { ...LIMITS, isForced },
      {
        copies: memoryCopies(files),
        now: () => 1_700_000_000_000,
        async fetch(_, { etag }) {
          asked.push(etag);
          if (answer instanceof Error) throw answer;
          return answer;
        },
      },
    );
    return outcome;
  };
  return { files, asked, refresh };
}

function fetched(text: string, etag?: string): Fetched {
  return { kind: 'fetched', text, etag };
}

function reasonsOf(outcome: RefreshOutcome | undefined): readonly string[] {
  return outcome?.kind === 'refused' ? outcome.reasons : [];
}

describe('a feed that changed', () => {
  test('replaces the copy, keeps the old one, and says what moved', async () => {
    const { files, refresh } = setting({ 'aws.json': OLD });
    expect(await refresh(fetched(NEW))).toMatchObject({
      kind: 'updated',
      feed: 'aws',
      entries: 2,
      diff: { ipv4: { before: 256, moved: 0, gone: 0, added: 128 } },
    });
    expect(files.get('aws.json')).toBe(NEW);
    expect(files.get('aws.json.previous')).toBe(OLD);
  });

  test('is the first: there is nothing to compare it with, and nothing to keep', async () => {
    const { files, refresh } = setting();
    expect(await refresh(fetched(NEW))).toMatchObject({ kind: 'updated', diff: undefined });
    expect([...files.keys()]).toEqual(['aws.json', 'aws.json.etag']);
  });

  test('is measured by the copy before a damaged one, which is not kept', async () => {
    const { files, refresh } = setting({ 'aws.json': '{', 'aws.json.previous': OLD });
    expect(reasonsOf(await refresh(fetched(HALF)))).toHaveLength(1);
    expect(await refresh(fetched(OLD))).toMatchObject({ kind: 'updated' });
    expect(files.get('aws.json')).toBe(OLD);
    expect(files.get('aws.json.previous')).toBe(OLD);
  });
});

describe('a tag is sent', () => {
  test('from the second time on, and a feed that did not change is confirmed', async () => {
    const { asked, files, refresh } = setting();
    await refresh(fetched(OLD, '"1"'));
    expect(await refresh({ kind: 'not-modified' })).toMatchObject({ kind: 'unchanged' });
    expect(await refresh(fetched(OLD, '"2"'))).toMatchObject({ kind: 'unchanged' });
    await refresh({ kind: 'not-modified' });
    expect(asked).toEqual([undefined, '"1"', '"1"', '"2"']);
    expect(files.get('aws.json')).toBe(OLD);
  });

  test('not to another address', async () => {
    const { asked, refresh } = setting();
    await refresh(fetched(OLD, '"1"'));
    await refresh(fetched(OLD), 'https://other.example/');
    expect(asked).toEqual([undefined, undefined]);
  });

  test('not when somebody put another copy there, or removed it', async () => {
    const { asked, files, refresh } = setting();
    await refresh(fetched(OLD, '"1"'));
    files.set('aws.json', NEW);
    await refresh(new Error('down'));
    files.delete('aws.json');
    await refresh(new Error('down'));
    expect(asked).toEqual([undefined, undefined, undefined]);
  });

  test.each(['', 'null', '{"etag":1}', '{"url":"a","sha256":"b"}'])(
    'not when what is kept of it is %j',
    async (state) => {
      const { asked, refresh } = setting({ 'aws.json': OLD, 'aws.json.etag': state });
      expect(await refresh(fetched(OLD, 'no tag\r\nx: y'))).toMatchObject({ kind: 'unchanged' });
      await refresh(fetched(OLD));
      expect(asked).toEqual([undefined, undefined]);
    },
  );

  test('"not modified" to a question without one is refused', async () => {
    const { refresh } = setting();
    expect(reasonsOf(await refresh({ kind: 'not-modified' }))).toHaveLength(1);
  });
});

describe('a good copy stays', () => {
  test.each([
    { name: 'half a feed', text: HALF },
    { name: 'no feed', text: '<html>' },
    { name: 'an empty feed', text: awsFeed() },
    { name: 'a feed that claims the world', text: awsFeed('192.0.2.0/24', '0.0.0.0/0') },
  ])('when $name comes', async ({ text }) => {
    const { files, refresh } = setting();
    await refresh(fetched(OLD, '"1"'));
    const before = new Map(files);
    expect(reasonsOf(await refresh(fetched(text, '"2"')))).not.toEqual([]);
    expect(files).toEqual(before);
  });

  test('when nothing comes', async () => {
    const { files, refresh } = setting({ 'aws.json': OLD });
    const error = new Error('down');
    expect(await refresh(error)).toEqual({ kind: 'failed', feed: 'aws', error });
    expect([...files]).toEqual([['aws.json', OLD]]);
  });
});

test('by force the guard is passed, but nothing unreadable is taken', async () => {
  const { files, refresh } = setting({ 'aws.json': OLD });
  expect(await refresh(fetched('{'), URL, true)).toMatchObject({ kind: 'refused' });
  expect(await refresh(fetched(HALF), URL, true)).toMatchObject({ kind: 'updated' });
  expect(files.get('aws.json')).toBe(HALF);
});

test('a feed without an address is left as it is', async () => {
  const ports = {
    copies: memoryCopies(new Map()),
    now: () => 0,
    fetch: () => Promise.reject(new Error('nobody is asked')),
  };
  const sources = ['azure', 'acme'].map((name) => feedSource(feedOfName(name), undefined));
  expect(await refreshFeeds(sources, LIMITS, ports)).toEqual([
    { kind: 'skipped', feed: 'azure' },
    { kind: 'skipped', feed: 'acme' },
  ]);
});
