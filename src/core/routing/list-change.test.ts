// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { listChange } from './list-change.ts';

const names = (text: string) => new Set(text.split(''));

test.each([
  ['the first list', undefined, 'ab', { isNew: true, size: 2, added: 2, removed: 0 }],
  ['the same list in another order', 'ab', 'ba', { isNew: false, size: 2, added: 0, removed: 0 }],
  ['a longer one', 'ab', 'abc', { isNew: true, size: 3, added: 1, removed: 0 }],
  ['one that lost half', 'abcd', 'ab', { isNew: true, size: 2, added: 0, removed: 2 }],
])('%s is accepted', (_, before, after, expected) => {
  const change = listChange(before === undefined ? undefined : names(before), names(after), 0.5);
  expect(change).toEqual({ kind: 'accepted', ...expected });
});

test.each([
  ['an empty first list', undefined, '', 'it names no repository'],
  ['an empty list', 'ab', '', 'it names no repository'],
  ['one that lost more than half', 'abc', 'a', 'it lost 2 of 3 names'],
  ['one of the same length with other names', 'abc', 'xyz', 'it lost 3 of 3 names'],
])('%s is refused', (_, before, after, problem) => {
  const change = listChange(before === undefined ? undefined : names(before), names(after), 0.5);
  expect(change).toEqual({ kind: 'refused', problem: expect.stringContaining(problem) });
});

test('how much may be lost is a share of what was there', () => {
  expect(listChange(names('abc'), names('xyz'), 1).kind).toBe('accepted');
  expect(listChange(names('abc'), names('ab'), 0).kind).toBe('refused');
});
