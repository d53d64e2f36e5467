// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { type Hop, isRedirect, nextHop } from './redirect-policy.ts';

const home: Hop = { url: new URL('https://up.example/v2/a/blobs/x'), isHome: true };

test.each([
  ['/v2/b', 'https://up.example/v2/b', true],
  ['https://up.example:443/v2/b', 'https://up.example/v2/b', true],
  ['https://UP.example/v2/b', 'https://up.example/v2/b', true],
  ['https://up.example:8443/v2/b', 'https://up.example:8443/v2/b', false],
  ['https://cdn.example/b?sig=1', 'https://cdn.example/b?sig=1', false],
  ['//cdn.example/b', 'https://cdn.example/b', false],
  ['https://up.example.evil.example/', 'https://up.example.evil.example/', false],
])('"%s" leads to %s, home: %s', (location, url, isHome) => {
  const next = nextHop(home, location);
  expect([next.url.href, next.isHome]).toEqual([url, isHome]);
});

test('threat 5: who has left the origin does not come home', () => {
  const away = nextHop(home, 'https://evil.example/');
  expect(nextHop(away, 'https://up.example/v2/secret/manifests/x').isHome).toBe(false);
  expect(nextHop(away, '/further').isHome).toBe(false);
});

test.each(['http://up.example/v2/b', 'http://cdn.example/b'])(
  'threat 5: https never leads to http: %s',
  (location) => {
    expect(() => nextHop(home, location)).toThrow(
      expect.objectContaining({ code: 'forbidden-host' }),
    );
  },
);

test('http may lead to https', () => {
  const plain: Hop = { url: new URL('http://up.example/'), isHome: true };
  expect(nextHop(plain, 'https://up.example/').isHome).toBe(false);
  expect(nextHop(plain, 'http://up.example/b').isHome).toBe(true);
});

test.each([
  undefined,
  'ftp://x/',
  'file:///etc/passwd',
  'http://',
  'https://u:p@up.example/',
  'https://u@h/',
])('a location of %s is refused', (location) => {
  expect(() => nextHop(home, location)).toThrow(expect.objectContaining({ code: 'bad-answer' }));
});

test('a message shows no query, which may be a signature', () => {
  const signed: Hop = { url: new URL('https://cdn.example/b?X-Signature=secret'), isHome: false };
  expect(() => nextHop(signed, 'http://cdn.example/?t=secret')).toThrow(/^(?!.*secret)/);
});

test('the five redirects, and nothing else', () => {
  const redirects = Array.from({ length: 500 }, (_, at) => at + 100).filter(isRedirect);
  expect(redirects).toEqual([301, 302, 303, 307, 308]);
});
