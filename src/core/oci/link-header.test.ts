// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { formatLinks, formatNextLink, nextTarget, parseLinks } from './link-header.ts';

test.each([
  ['</v2/a/tags/list?n=2&last=b>; rel="next"', '/v2/a/tags/list?n=2&last=b'],
  ['</v2/a/tags/list?n=2>;rel=next', '/v2/a/tags/list?n=2'],
  ['<https://h/x> ; REL = "prev NEXT"', 'https://h/x'],
  ['</p>; rel="prev", </n>; title="a, \\"b\\" <c>"; rel="next"', '/n'],
  ['</p>; rel="prev" ,, </n>; rel=next; crossorigin', '/n'],
  ['<>; rel="next"', ''],
  ['</p>; rel="nextish"', undefined],
  ['</p>', undefined],
  ['', undefined],
  ['  ', undefined],
])('%s leads to %s', (header, target) => {
  expect(nextTarget(parseLinks(header) ?? [])).toBe(target);
  expect(parseLinks(header)).toBeDefined();
});

test.each([
  '/v2/a; rel="next"',
  '</v2/a b>; rel="next"',
  '</v2/<a>; rel="next"',
  '</v2/a; rel="next"',
  '</v2/é>; rel="next"',
  '</v2/a\r\n>; rel="next"',
  '</v2/a>; rel="next',
  '</v2/a>; rel=',
  '</v2/a>; ="next"',
  '</v2/a>; rel="next" </b>',
  ', </v2/a>; rel="next"',
])('%s is malformed', (header) => {
  expect(parseLinks(header)).toBeUndefined();
});

test('a next link is written as the specification writes it', () => {
  expect(formatNextLink('/v2/a/tags/list?last=b&n=1')).toBe(
    '</v2/a/tags/list?last=b&n=1>; rel="next"',
  );
});

test('what is written can be read', () => {
  const parameter = fc.record({
    name: fc.stringMatching(/^[a-z*]{1,8}$/),
    value: fc.stringMatching(/^[\t -~]{0,20}$/),
  });
  const link = fc.record({
    target: fc.stringMatching(/^[!-;=?-~]{0,40}$/),
    parameters: fc.array(parameter, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(link, { maxLength: 4 }), (links) => {
      expect(parseLinks(formatLinks(links))).toEqual(links);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
