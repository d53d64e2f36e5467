// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseRequestTarget } from './request-target.ts';

test.each([
  ['/v2/', '/v2/', ''],
  ['/v2/a/tags/list?n=10&last=v1', '/v2/a/tags/list', '?n=10&last=v1'],
  ['/v2/?a?b', '/v2/', '?a?b'],
  ['//evil/v2/', '//evil/v2/', ''],
  ['http://any.example/v2/?x=1', '/v2/', '?x=1'],
  ['HTTPS://any.example:8443', '/', ''],
  ['http://any.example?x', '/', '?x'],
])('%s has the path %s and the query %s', (target, path, query) => {
  expect(parseRequestTarget(target)).toEqual({ path, query });
});

test.each([
  '*',
  '',
  '#',
  '/v2/#frag',
  '/v2/?a#b',
  'v2/',
  'ftp://x/v2/',
  '/a b',
  '/a\r\nX: 1',
  '/\u00e4',
  '/\u0000',
])('the target "%s" is refused', (target) => {
  expect(parseRequestTarget(target)).toBeUndefined();
});
