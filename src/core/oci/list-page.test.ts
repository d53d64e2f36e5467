// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { cutPage, LONGEST_PAGE, parseListPage } from './list-page.ts';

describe('parseListPage', () => {
  test.each([
    [{}, { limit: LONGEST_PAGE }],
    [{ n: '5' }, { limit: 5 }],
    [{ n: '0' }, { limit: 0 }],
    [{ n: '1000000000' }, { limit: LONGEST_PAGE }],
    [{ n: '99999999999999999999' }, { limit: LONGEST_PAGE }],
    [
      { n: '2', last: 'v1' },
      { limit: 2, last: 'v1' },
    ],
    [{ last: '' }, { limit: LONGEST_PAGE }],
  ])('%j is a page', (query, page) => {
    expect(parseListPage(new Map(Object.entries(query)))).toEqual(page);
  });

  test.each(['-1', '1e9', '0x10', '', ' 1', '+1', '1.5', '١'])('n=%s is refused', (n) => {
    expect(parseListPage(new Map([['n', n]]))).toBeUndefined();
  });
});

test.each([
  [['a', 'b', 'c'], 2, { entries: ['a', 'b'], next: 'b' }],
  [['a', 'b'], 2, { entries: ['a', 'b'] }],
  [[], 2, { entries: [] }],
  [['a'], 0, { entries: [] }],
])('%j cut at %i', (found, limit, page) => {
  expect(cutPage(found, limit)).toEqual(page);
});
