// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { startOf } from '../listing.ts';
import { copySource, decodeListed } from './s3-keys.ts';

test.each([
  ['bucket', 'a b/c+d', 'bucket/a%20b/c%2Bd'],
  ['bucket', 'grün:ü?#', 'bucket/gr%C3%BCn%3A%C3%BC%3F%23'],
])('the source of a copy is escaped, its slashes are not: %s %s', (bucket, name, source) => {
  expect(copySource(bucket, name)).toBe(source);
});

test('listed names come escaped, with a plus for a space', () => {
  expect(decodeListed('a+b%2Bc%0A%C3%BC')).toBe('a b+c\nü');
});

test.each([
  ['a/', 'a/b', '', 'a/b'],
  ['a/', 'a/b', '/', 'a/b'],
  ['', 'a/', '/', 'a/\u{10ffff}'],
  ['a/', 'a/', '/', 'a/'],
  ['', '', '/', ''],
])(
  'below %j and after %j, cut at %j, a list starts after %j',
  (prefix, after, delimiter, start) => {
    expect(startOf({ prefix, after, delimiter })).toBe(start);
  },
);
