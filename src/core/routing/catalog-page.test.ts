// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { namesBelow, nextCatalogPage, parseCatalogPage } from './catalog-page.ts';

test.each([
  ['{"repositories":["a","b/c"]}', ['a', 'b/c']],
  ['{"repositories":[],"more":1}', []],
  ['{"repositories":null}', []],
  ['{}', undefined],
  ['{"repositories":"a"}', undefined],
  ['{"repositories":["a",1]}', undefined],
  ['{"repositories":["a"', undefined],
  ['{"repositories":["a"],"repositories":["b"]}', undefined],
  ['["a"]', undefined],
  ['', undefined],
])('the page %s names %o', (text, names) => {
  expect(parseCatalogPage(text)).toEqual(names);
});

describe('the next page', () => {
  const next = (target: string) => nextCatalogPage(`<${target}>; rel="next"`, 'https://up.example');

  test.each([
    '/v2/_catalog?last=b&n=2',
    'https://up.example/v2/_catalog?last=b&n=2',
    '?last=b&n=2',
  ])('at %s is one', (target) => {
    expect(next(target)).toEqual({ kind: 'page', query: '?last=b&n=2' });
  });

  test.each([
    'https://other.example/v2/_catalog?last=b',
    'http://up.example/v2/_catalog?last=b',
    'https://up.example.other/v2/_catalog?last=b',
    'https://up.example@other.example/v2/_catalog?last=b',
    '//other.example/v2/_catalog?last=b',
    '/v2/a/tags/list?last=b',
    '/v2/_catalog/?last=b',
    '/v2/x/../_catalog?last=b',
    '/v2/_catalog#?last=b',
    '_catalog?last=b',
    '',
  ])('at %j is elsewhere', (target) => {
    expect(next(target)).toEqual({ kind: 'elsewhere' });
  });

  test.each(['', '</v2/_catalog>; rel="prev"'])('after the header %j there is none', (link) => {
    expect(nextCatalogPage(link, 'https://up.example')).toEqual({ kind: 'none' });
  });

  test('after a malformed header is in doubt', () => {
    expect(nextCatalogPage('</v2/_catalog; rel=next', 'https://up.example')).toEqual({
      kind: 'elsewhere',
    });
  });
});

test('of the names those below the prefix count, without it, and those nobody can ask for are skipped', () => {
  const names = [
    'acme/pause',
    'acme/csi/x',
    'acme/csi/*',
    'acme/UP',
    'acme/',
    'acmeother',
    'other/x',
  ];
  expect(namesBelow('acme/', names)).toEqual({ own: ['pause', 'csi/x'], skipped: 3 });
  expect(namesBelow('', ['a', 'B']).own).toEqual(['a']);
});
