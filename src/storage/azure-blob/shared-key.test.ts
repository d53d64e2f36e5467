// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { signed, textToSign } from './shared-key.ts';

test('what is signed names the request, its own headers in order, and every parameter', () => {
  const headers = {
    'x-ms-version': '2021-12-02',
    'x-ms-date': 'Sat, 21 Nov 2026 20:00:00 GMT',
    'if-match': '"1"',
    range: 'bytes=0-9',
    accept: 'anything',
  };
  const path = '/account/images/a%20b?restype=container&comp=list&prefix=a%20b%2Bc';
  expect(textToSign('account', { method: 'GET', path, headers, length: 3 })).toBe(
    [
      'GET\n\n\n3\n\n\n\n\n"1"\n\n\nbytes=0-9',
      'x-ms-date:Sat, 21 Nov 2026 20:00:00 GMT',
      'x-ms-version:2021-12-02',
      '/account/account/images/a%20b',
      'comp:list',
      'prefix:a b+c',
      'restype:container',
    ].join('\n'),
  );
});

test('of no body no length is signed', () => {
  const text = textToSign('a', { method: 'PUT', path: '/c', headers: {}, length: 0 });
  expect(text).toBe(`PUT${'\n'.repeat(12)}/a/c`);
});

test('the key is in base64', () => {
  const [key, other] = ['key', 'other'].map((text) => Buffer.from(text).toString('base64'));
  expect(signed(key ?? '', 'text')).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect(signed(key ?? '', 'text')).not.toBe(signed(other ?? '', 'text'));
});
