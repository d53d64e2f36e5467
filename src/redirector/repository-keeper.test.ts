// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { RepositoryListResult } from '../core/routing/repository-list.ts';
import type { Log } from '../log.ts';
import { repositoryKeeper } from './repository-keeper.ts';

function open(mayShrinkBy = 0.5) {
  const lines: unknown[] = [];
  const answers: RepositoryListResult[] = [];
  const stop = new AbortController();
  const served: (readonly string[])[] = [];
  let now = 0;
  const log: Log = {
    info: (event, fields) => lines.push([event, fields]),
    warn: (event, fields) => lines.push([event, fields]),
    error: () => {},
  };
  const keeper = repositoryKeeper({
    source: 'catalog',
    read: async () => answers.shift() ?? { ok: false, problem: 'it is down' },
    mayShrinkBy,
    signal: stop.signal,
    now: () => (now += 1),
    log,
  });
  const patterns = () => [...(keeper.known()?.patterns ?? [])].join('');
  const serve = async () => void served.push([patterns()]);
  return {
    keeper,
    lines,
    served,
    stop,
    patterns,
    answer: (...texts: readonly string[]) => {
      for (const text of texts) answers.push({ ok: true, patterns: text.split(''), skipped: 0 });
    },
    refresh: () => keeper.refresh(serve),
  };
}

test('nothing is known until there was a list, and each new one is served', async () => {
  const { keeper, answer, refresh, served, patterns } = open();
  expect(keeper.known()).toBeUndefined();
  answer('ab', 'abc');
  await refresh();
  expect([patterns(), keeper.refreshedAt()]).toEqual(['ab', 1]);
  await refresh();
  expect([patterns(), keeper.refreshedAt()]).toEqual(['abc', 2]);
  expect(served).toEqual([['ab'], ['abc']]);
});

test('the same list again is confirmed and not served again', async () => {
  const { keeper, answer, refresh, served, lines } = open();
  answer('ab', 'ba');
  await refresh();
  await refresh();
  expect([served.length, keeper.refreshedAt()]).toEqual([1, 2]);
  expect(lines).toHaveLength(1);
});

describe('the last good list stays when the next one', () => {
  test('cannot be read', async () => {
    const { keeper, answer, refresh, patterns, lines } = open();
    answer('ab');
    await refresh();
    await refresh();
    expect([patterns(), keeper.refreshedAt()]).toEqual(['ab', 1]);
    const fields = { source: 'catalog', problem: 'it is down', kept: 2 };
    expect(lines.at(-1)).toEqual(['repositories-refused', fields]);
  });

  test('lost more than it may', async () => {
    const { answer, refresh, patterns, served } = open(0.4);
    answer('ab', 'a');
    await refresh();
    await refresh();
    expect([patterns(), served.length]).toEqual(['ab', 1]);
  });

  test('cannot be served', async () => {
    const { keeper, answer, refresh, patterns, lines } = open();
    answer('ab', 'abc', 'abc');
    await refresh();
    await keeper.refresh(() => Promise.reject(new Error('a test fails')));
    expect([patterns(), keeper.refreshedAt()]).toEqual(['ab', 1]);
    expect(lines.at(-1)).toMatchObject(['repositories-refused', { problem: 'a test fails' }]);
    await refresh();
    expect(patterns()).toBe('abc');
  });
});

test('what is wrong is said once, and again after it was well', async () => {
  const { answer, refresh, lines } = open();
  await refresh();
  await refresh();
  expect(lines).toHaveLength(1);
  answer('a');
  await refresh();
  await refresh();
  expect(lines.map((line) => (line as unknown[])[0])).toEqual([
    'repositories-refused',
    'repositories-loaded',
    'repositories-refused',
  ]);
});

test('what comes after the end counts no more', async () => {
  const { answer, refresh, stop, keeper, lines } = open();
  answer('a');
  const pending = refresh();
  stop.abort();
  await pending;
  expect([keeper.known(), lines]).toEqual([undefined, []]);
});

test('two at once are read one after the other', async () => {
  const { answer, refresh, served } = open();
  answer('a', 'ab');
  await Promise.all([refresh(), refresh()]);
  expect(served).toEqual([['a'], ['ab']]);
});
