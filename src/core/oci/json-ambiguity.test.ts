// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { findAmbiguity } from './json-ambiguity.ts';

describe('findAmbiguity', () => {
  test.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"\\u002f":1,"\\/":2}', '/'],
    ['{"a":{"b":[1,{"c":1,"c":1}]}}', 'c'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"":1,"":2}', ''],
    ['{"a":{"x":1},"b":[],"a":3}', 'a'],
    [' { "a\\"" : 1 , "b" : "a" , "a\\"" : 2 } ', 'a"'],
  ])('finds it in %s', (text, key) => {
    expect(findAmbiguity(text)).toEqual({ kind: 'duplicate-key', key });
  });

  test.each([
    ['{"a":"a","b":"a"}'],
    ['{"a":["a","a"],"b":{"a":1}}'],
    ['[{"a":1},{"a":1}]'],
    ['["a","a"]'],
    ['{"example.org/a\\u0026b":1,"\\n":2,"a\\"":"\\u0061"}'],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}'],
    ['{"constructor":1,"toString":2,"__proto__":3}'],
    ['"a"'],
    [''],
    ['{"a'],
    ['{"\\q":1,"\\z":2}'],
    ['}]}]'],
    ['{"a\\'],
  ])('finds none in %s', (text) => {
    expect(findAmbiguity(text)).toBeUndefined();
  });

  test.each([
    ['{"\\u006cayers":1}', 'layers'],
    ['{"layer\\u0073":1}', 'layers'],
    ['{"layer\\u017f":1}', 'layer\u017f'],
    ['[{"a":{"\\u212aind":1}},{"":{}}]', '\u212aind'],
  ])('finds letters in disguise in %s', (text, key) => {
    expect(findAmbiguity(text)).toEqual({ kind: 'disguised-key', key });
  });

  test.each(['[', '{"a":', '[{"a":'])('stops at a depth: %s', (bracket) => {
    expect(findAmbiguity(bracket.repeat(100_000))).toEqual({ kind: 'too-deep' });
  });

  test('finds none in what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5 }),
        fc.integer({ min: 0, max: 2 }),
        (value, indent) => {
          expect(findAmbiguity(JSON.stringify(value, undefined, indent))).toBeUndefined();
        },
      ),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('finds one exactly when JSON.parse drops a member', () => {
    fc.assert(
      fc.property(document(), ({ text, members }) => {
        const kept = countMembers(JSON.parse(text));
        expect(findAmbiguity(text)?.kind === 'duplicate-key').toBe(kept < members);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('never throws, whatever the text', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0a ') });
    fc.assert(
      fc.property(noise, (text) => {
        findAmbiguity(text);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

interface Written {
  readonly text: string;
  /** Of all objects, as written. */
  readonly members: number;
}

/** Documents whose few keys collide often, in different spellings. */
function document(): fc.Arbitrary<Written> {
  // None of them is how another one's escapes begin: the oracle would be misled by such a pair.
  const key = fc.constantFrom('"ab"', '"\\u0061b"', '"b"', '"\\"a"', '"\\u0022a"', '"__proto__"');
  const leaf = fc.constantFrom('1', '"a"', '"{\\"a\\":"', 'null', '[]', '{}');
  const { tree } = fc.letrec<{ tree: Written }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf.map((text) => ({ text, members: 0 })),
      fc.array(tie('tree'), { maxLength: 3 }).map((entries) => ({
        text: `[ ${entries.map(({ text }) => text).join(' , ')} ]`,
        members: sum(entries),
      })),
      fc.array(fc.tuple(key, tie('tree')), { maxLength: 4 }).map((entries) => ({
        text: `{${entries.map(([name, { text }]) => `${name} : ${text}`).join(',\n')}}`,
        members: entries.length + sum(entries.map(([, value]) => value)),
      })),
    ),
  }));
  return tree;
}

function sum(written: readonly Written[]): number {
  return written.reduce((total, { members }) => total + members, 0);
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((total: number, entry) => total + countMembers(entry), own);
}
