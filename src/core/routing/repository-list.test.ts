// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseRepositoryList } from './repository-list.ts';

test('a list is a name a line, with comments, blank lines and any line end', () => {
  const text = '# ours\npause\r\n\n  etcd # of the control plane\ncsi/*';
  expect(parseRepositoryList(text)).toEqual({
    ok: true,
    patterns: ['pause', 'etcd', 'csi/*'],
    skipped: 0,
  });
});

test.each([
  ['pause\nEtcd\n', 'line 2 is no repository name and no "name/*"'],
  ['*', 'line 1 is no repository name and no "name/*"'],
  ['a b', 'line 1 is no repository name and no "name/*"'],
  ['', 'it names no repository'],
  ['# nothing\n\n', 'it names no repository'],
])('%j is refused whole: %s', (text, problem) => {
  expect(parseRepositoryList(text)).toEqual({ ok: false, problem });
});
