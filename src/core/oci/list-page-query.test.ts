// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseListQuery } from './list-page-query.ts';

test.each([
  ['', {}],
  ['?', {}],
  ['?n=5&last=v1', { n: '5', last: 'v1' }],
  ['?artifactType=application/a%2Bjson', { artifactType: 'application/a+json' }],
  ['?artifactType=application/a+json', { artifactType: 'application/a+json' }],
  ['?a&b=&c=d=e&', { a: '', b: '', c: 'd=e' }],
  ['?__proto__=x', JSON.parse('{"__proto__":"x"}')],
])('%s is read', (query, parameters) => {
  expect(parseListQuery(query)).toEqual(new Map(Object.entries(parameters)));
});

test.each([['?n=1&n=1'], ['?n=1&%6e=2'], ['?n=%zz'], ['?%ff=1']])('%s is refused', (query) => {
  expect(parseListQuery(query)).toBeUndefined();
});
