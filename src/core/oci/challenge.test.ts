// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseChallenges } from './challenge.ts';

/** Challenges as plain arrays, for comparison. */
function read(header: string) {
  return parseChallenges(header)?.map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

describe('parseChallenges', () => {
  test.each([
    ['', []],
    [' , ,', []],
    ['Negotiate', [['negotiate', {}]]],
    ['Basic realm="x"', [['basic', { realm: 'x' }]]],
    ['BASIC ReAlm = token', [['basic', { realm: 'token' }]]],
    ['Negotiate YWJj==', [['negotiate', {}]]],
    [
      'Negotiate YWJj==, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate , Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['Basic realm="a, b=\\"c\\" \\\\"', [['basic', { realm: 'a, b="c" \\' }]]],
    ['Bearer realm=', [['bearer', {}]]], // by the grammar a token68
    ['Basic realm=""', [['basic', { realm: '' }]]],
    [
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull"',
      [
        [
          'bearer',
          { realm: 'https://ghcr.io/token', service: 'ghcr.io', scope: 'repository:a/b:pull' },
        ],
      ],
    ],
    [
      'Basic realm="a", charset="UTF-8", Bearer realm="b" , service=c,, Digest',
      [
        ['basic', { realm: 'a', charset: 'UTF-8' }],
        ['bearer', { realm: 'b', service: 'c' }],
        ['digest', {}],
      ],
    ],
  ])('%s', (header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  test.each([
    ['a parameter of no scheme', 'realm="x"'],
    ['a parameter twice', 'Bearer realm="https://a", Realm="https://b"'],
    ['no comma between parameters', 'Bearer realm="a" service="b"'],
    ['two words', 'Bearer a b'],
    ['a quote that never ends', 'Bearer realm="a'],
    ['a quote that ends in an escape', 'Bearer realm="a\\"'],
    ['no value', 'Bearer service=a, realm='],
    ['a quote for a scheme', '"Bearer" realm="x"'],
    ['a quote behind a scheme', 'Bearer "x"'],
    ['a line break', 'Bearer realm="a\r\nX: y"'],
    ['a NUL', 'Bearer realm="\0"'],
    ['a character above Latin-1', 'Bearer realm="\u0100"'],
  ])('%s is malformed', (_name, header) => {
    expect(parseChallenges(header)).toBeUndefined();
  });

  test('what was written comes back, whatever stands between the quotes', () => {
    const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,9}$/);
    const value = fc.stringMatching(/^[\t !-~\xa0-\xff]{0,30}$/);
    const names = fc.uniqueArray(token, {
      minLength: 1,
      maxLength: 4,
      selector: (name) => name.toLowerCase(),
    });
    const challenge = fc
      .tuple(token, names, fc.array(value, { minLength: 4, maxLength: 4 }))
      .map(([scheme, keys, values]) => ({
        scheme,
        pairs: keys.map((key, at) => [key, values[at] ?? ''] as const),
      }));
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const header = challenges
          .map(({ scheme, pairs }) => `${scheme} ${pairs.map(written).join(', ')}`)
          .join(', ');
        expect(read(header)).toEqual(
          challenges.map(({ scheme, pairs }) => [
            scheme.toLowerCase(),
            Object.fromEntries(pairs.map(([key, text]) => [key.toLowerCase(), text])),
          ]),
        );
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('threat 29: a long header does not hold us up', () => {
    const patterns = [
      'a '.repeat(8_000),
      `B ${'='.repeat(16_000)}`,
      `B a=${'"\\'.repeat(8_000)}`,
      `B ${'a'.repeat(16_000)}\0`,
    ];
    for (const header of patterns) expect(parseChallenges(header)).toBeUndefined();
  });
});

function written([name, value]: readonly [string, string]): string {
  return `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`;
}
