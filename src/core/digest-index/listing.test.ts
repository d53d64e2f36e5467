// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseListing } from './listing.ts';

const OBJECTS = [
  { key: 'containers/images/sha256:ab', size: 12 },
  { key: 'a key with spaces', size: 0 },
];

test.each([
  ['lines', '12 containers/images/sha256:ab\n0 a key with spaces\n'],
  [
    'aws s3 ls --recursive --summarize',
    '2026-01-02 03:04:05         12 containers/images/sha256:ab\r\n2026-01-02 03:04:05          0 a key with spaces\r\n\r\nTotal Objects: 2\r\n   Total Size: 12\r\n',
  ],
  [
    'aws s3api list-objects-v2',
    JSON.stringify({
      Contents: OBJECTS.map(({ key, size }) => ({ Key: key, Size: size, ETag: '' })),
    }),
  ],
  ['its Contents', JSON.stringify(OBJECTS.map(({ key, size }) => ({ Key: key, Size: size })))],
])('the listing of %s is read', (_, text) => {
  expect(parseListing(text)).toEqual({ ok: true, objects: OBJECTS });
});

test.each(['', '\n', '{}', '[]'])('%j lists nothing', (text) => {
  expect(parseListing(text)).toEqual({ ok: true, objects: [] });
});

test.each([
  ['a folder of a listing that stops at slashes', '   PRE containers/\n', /line 1 .*--recursive/],
  ['a size that is none', '12 a\nmany b', /line 2/],
  ['half a JSON document', '{"Contents": [', /not readable/],
  ['a page', '{"IsTruncated": true, "Contents": []}', /one page/],
  ['a page of the command', '{"NextToken": "x", "Contents": []}', /one page/],
  ['Contents that are no list', '{"Contents": 1}', /no list/],
  ['an entry without size', '[{"Key": "a"}]', /no "Key"/],
  ['an entry without key', '[{"Size": 1}]', /no "Key"/],
  ['an entry with a negative size', '[{"Key": "a", "Size": -1}]', /no "Key"/],
  ['an entry with half a byte', '[{"Key": "a", "Size": 0.5}]', /no "Key"/],
  ['an entry that is null', '[null]', /no "Key"/],
  ['an entry that is a text', '["a"]', /no "Key"/],
])('%s is refused', (_, text, problem) => {
  expect(parseListing(text)).toEqual({ ok: false, problem: expect.stringMatching(problem) });
});
