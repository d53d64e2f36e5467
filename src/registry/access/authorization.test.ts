// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseAuthorization } from './authorization.ts';

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

describe('Authorization', () => {
  test('may be absent', () => {
    expect(parseAuthorization(undefined)).toEqual({ kind: 'none' });
  });

  test.each(['Basic', 'basic', 'BASIC'])('holds a login: %s', (scheme) => {
    expect(parseAuthorization(`${scheme} ${base64('alice:tulips: ü')}`)).toEqual({
      kind: 'basic',
      login: { name: 'alice', password: 'tulips: ü' },
    });
  });

  test.each(['Bearer', 'bearer'])('holds a token: %s', (scheme) => {
    expect(parseAuthorization(`${scheme}  ab.c-d_e`)).toEqual({
      kind: 'bearer',
      token: 'ab.c-d_e',
    });
  });

  test.each([
    '',
    'Basic',
    'Basic ',
    'Basic !',
    `Basic ${base64('alice')}`,
    `Basic ${base64(':tulips')}`,
    `Basic ${base64('alice:')}`,
    `Basic ${base64('alice:tu\0lips')}`,
    `Basic ${base64('alice\n:tulips')}`,
    `Basic ${base64('__proto__:tulips')}`,
    `Basic ${Buffer.from('alice:\xff', 'latin1').toString('base64')}`,
    `Basic ${base64('alice:tulips')}, Basic ${base64('bob:roses')}`,
    `Basic ${base64('alice:tulips')} x`,
    `Basic\t${base64('alice:tulips')}`,
    `Digest username="alice"`,
    'Bearer a b',
    'Bearer a,b',
    `Bearer ${'a'.repeat(20_000)}`,
  ])('is malformed as %j', (header) => {
    expect(parseAuthorization(header)).toEqual({ kind: 'malformed' });
  });

  test('any login that can be one comes out as it went in', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@+$~-]{0,20}$/);
    const password = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((text) => text.isWellFormed() && !/[\p{Cc}]|^\ufeff/u.test(text));
    fc.assert(
      fc.property(name, password, (name, password) => {
        expect(parseAuthorization(`Basic ${base64(`${name}:${password}`)}`)).toEqual({
          kind: 'basic',
          login: { name, password },
        });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('anything at all is one of four things, and never an error', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String().map((encoded) => `Basic ${encoded}`),
      fc.string().map((token) => `Bearer ${token}`),
    );
    fc.assert(
      fc.property(text, (header) => {
        expect(['basic', 'bearer', 'malformed']).toContain(parseAuthorization(header).kind);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
