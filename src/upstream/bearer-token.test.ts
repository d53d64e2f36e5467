// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseToken, type TokenPolicy, tokenRequest } from './bearer-token.ts';

const SCOPE = 'repository:a/b:pull';
const home = { home: new URL('https://up.example:5000'), tokenHosts: ['auth.example'] };
const plainHome = { home: new URL('http://up.example:5000'), tokenHosts: ['auth.example:5001'] };

function ask(realm: string | undefined, policy: TokenPolicy = home) {
  const parameters = new Map([
    ['service', 'reg istry'],
    ['scope', 'repository:other:pull,push'],
  ]);
  if (realm !== undefined) parameters.set('realm', realm);
  return tokenRequest({ scheme: 'bearer', parameters }, SCOPE, policy);
}

describe('tokenRequest', () => {
  test('it asks for what we need, not for what the challenge says', () => {
    const { url } = ask('https://auth.example/token?x=1');
    expect(url.href).toBe(
      'https://auth.example/token?x=1&service=reg+istry&scope=repository%3Aa%2Fb%3Apull',
    );
  });

  test.each([
    ['https://up.example:5000/token', home],
    ['https://auth.example/token', home],
    ['http://up.example:5000/token', plainHome],
    ['http://auth.example:5001/token', plainHome],
  ])('%s gets the credentials', (realm, policy) => {
    expect(ask(realm, policy).mayHaveCredentials).toBe(true);
  });

  test.each([
    ['https://evil.example/token', home],
    ['https://up.example/token', home],
    ['https://up.example:5001/token', home],
    ['https://sub.up.example:5000/token', home],
    ['https://up.example.evil.example:5000/token', home],
    ['https://auth.example:8443/token', home],
    ['https://169.254.169.254/token', home],
    ['https://up.example:5000/token', plainHome],
  ])('threat 4: %s is asked anonymously', (realm, policy) => {
    expect(ask(realm, policy).mayHaveCredentials).toBe(false);
  });

  test.each([
    ['http://up.example:5000/token', home],
    ['http://auth.example/token', home],
    ['http://evil.example/token', plainHome],
    ['http://169.254.169.254/token', plainHome],
    ['file:///etc/passwd', home],
    ['javascript:alert(1)', home],
  ])('threat 4: %s is not asked at all', (realm, policy) => {
    expect(() => ask(realm, policy)).toThrow(expect.objectContaining({ code: 'forbidden-host' }));
  });

  test.each([
    undefined,
    '',
    '/token',
    'https://',
    'https://user@auth.example/',
    'https://user:pass@up.example:5000/',
  ])('threat 4: a realm of %s is no realm', (realm) => {
    expect(() => ask(realm)).toThrow(expect.objectContaining({ code: 'bad-answer' }));
  });
});

describe('parseToken', () => {
  const parse = (value: unknown) => parseToken(new TextEncoder().encode(JSON.stringify(value)));

  test.each([
    [{ token: 'abc' }, 60_000],
    [{ access_token: 'abc', expires_in: 300 }, 300_000],
    [{ token: 'abc', access_token: 'other', expires_in: 0 }, 60_000],
    [{ token: 'abc', expires_in: 1e9 }, 3_600_000],
    [{ token: 'abc', expires_in: '300' }, 60_000],
  ])('%o is good for %d ms', (answer, lifetime) => {
    expect(parse(answer)).toEqual({ text: 'abc', lifetime });
  });

  test.each([
    null,
    [],
    'abc',
    {},
    { token: '' },
    { token: 7 },
    { token: 'a b' },
    { token: 'a\r\nX: y' },
  ])('%o has no token', (answer) => {
    expect(parse(answer)).toBeUndefined();
  });

  test('nor has what is no JSON', () => {
    expect(parseToken(new TextEncoder().encode('<html>'))).toBeUndefined();
  });
});
