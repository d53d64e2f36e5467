// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { isObject, isTextMap, misspelledKey } from './json-object.ts';

test.each([
  [{}, true],
  [null, false],
  [[], false],
  ['text', false],
])('%j is an object: %s', (value, expected) => {
  expect(isObject(value)).toBe(expected);
});

test.each([
  [{ a: 'b' }, true],
  [JSON.parse('{"__proto__": "x", "constructor": "y"}'), true],
  [JSON.parse('{"__proto__": {"a": "b"}}'), false],
  [{ a: 1 }, false],
  [7, false],
])('%j is a map of texts: %s', (value, expected) => {
  expect(isTextMap(value)).toBe(expected);
});

describe('misspelledKey', () => {
  test.each([
    [{ Layers: 1 }, 'layers'],
    [{ LAYERS: 1, layers: 2 }, 'layers'],
    [{ 'layer\u017f': 1 }, 'layers'],
    [{ '\u212aind': 1 }, 'kind'],
    [{ layers: 1, kind: 2, other: 3 }, undefined],
    [{}, undefined],
  ])('of %j is %j', (object, name) => {
    expect(misspelledKey(object, ['layers', 'kind'])).toBe(name);
  });
});
