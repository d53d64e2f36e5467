// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseQueryValues } from './query-values.ts';

test.each<[string, Record<string, string[]>]>([
  ['', {}],
  ['?', {}],
  ['?tag=a&tag=b&digest=x', { tag: ['a', 'b'], digest: ['x'] }],
  ['?digest=sha256%3Aa&from=team%2Fapp', { digest: ['sha256:a'], from: ['team/app'] }],
  ['?%74ag=a+b&c', { tag: ['a+b'], c: [''] }],
])('%s is read', (query, values) => {
  expect(parseQueryValues(query)).toEqual(new Map(Object.entries(values)));
});

test.each(['?n=%zz', '?%ff=1'])('%s is refused', (query) => {
  expect(parseQueryValues(query)).toBeUndefined();
});
