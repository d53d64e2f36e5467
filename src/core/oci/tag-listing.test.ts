// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseTagListing } from './tag-listing.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

const read = (document: unknown) => parseTagListing(JSON.stringify(document));

test('tags are those that somebody can ask for', () => {
  expect(read({ name: 'x', tags: ['v1', '../x', 7, 'v2'] })).toEqual({
    tags: ['v1', 'v2'],
    digests: [],
    children: undefined,
  });
  expect(read({ tags: null })?.tags).toEqual([]);
});

test("Google's registries say what tags point at, and what is below", () => {
  const entry = { imageSizeBytes: '1', mediaType: 'x', timeCreatedMs: '0', timeUploadedMs: '1' };
  const listing = read({
    child: ['app', 'team/app', '..', 7, 'other'],
    manifest: { [DIGEST]: { ...entry, tag: ['v1', 'latest'] }, [OTHER]: { ...entry, tag: [] } },
    tags: ['v1', 'latest'],
  });
  expect(listing).toEqual({
    tags: ['v1', 'latest'],
    digests: [
      ['v1', DIGEST],
      ['latest', DIGEST],
    ],
    children: ['app', 'other'],
  });
});

test.each([
  ['[]'],
  ['null'],
  [`{"${DIGEST}":null}`],
  [`{"${DIGEST}":{}}`],
  [`{"${DIGEST}":{"tag":"v1"}}`],
  [`{"${DIGEST}":{"tag":[7,null,"../x"]}}`],
  ['{"sha256:abc":{"tag":["v1"]}}'],
  ['{"__proto__":{"tag":["v1"]},"constructor":{"tag":["v1"]}}'],
  [`{"${DIGEST}":{"__proto__":{"tag":["v1"]}}}`],
])('threat 30: digests of another shape are none: %s', (manifest) => {
  const listing = parseTagListing(`{"tags":["v1"],"child":{},"manifest":${manifest}}`);
  expect(listing).toEqual({ tags: ['v1'], digests: [], children: undefined });
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('a tag that is called as a property of every object is a tag', () => {
  const text = `{"tags":["__proto__"],"manifest":{"${DIGEST}":{"tag":["__proto__"]}}}`;
  expect(parseTagListing(text)?.digests).toEqual([['__proto__', DIGEST]]);
});

test.each(['', '[]', '{}', '{"tags":"v1"}', '{"tags":[],"tags":[]}'])('%s is no list', (text) =>
  expect(parseTagListing(text)).toBeUndefined(),
);
