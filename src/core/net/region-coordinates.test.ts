// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import regions from '../../../data/regions.json' with { type: 'json' };
import { distanceOnMap } from './nearness.ts';
import { parseRegionCoordinates } from './region-coordinates.ts';

test('reads latitude and longitude by cloud and region', () => {
  const document = { aws: { 'us-east-1': [39, -77.5] }, acme: {} };
  expect(parseRegionCoordinates(document)).toEqual({
    ok: true,
    coordinates: new Map([
      ['aws', new Map([['us-east-1', { latitude: 39, longitude: -77.5 }]])],
      ['acme', new Map()],
    ]),
  });
});

test.each([
  { document: null, problems: ['expected an object of clouds'] },
  { document: [], problems: ['expected an object of clouds'] },
  { document: { aws: 7, gcp: [] }, problems: ['"aws"', '"gcp"'] },
  {
    document: {
      aws: { a: [39], b: [39, -77, 0], c: ['39', 0], d: [91, 0], e: [0, -181], f: [0, Number.NaN] },
    },
    problems: ['"aws"."a"', '"aws"."b"', '"aws"."c"', '"aws"."d"', '"aws"."e"', '"aws"."f"'],
  },
])('names every problem: $problems', ({ document, problems }) => {
  const result = parseRegionCoordinates(document);
  const said = result.ok ? [] : result.problems;
  expect(said).toHaveLength(problems.length);
  expect(said.map((text, index) => text.startsWith(problems[index] ?? '?'))).not.toContain(false);
});

test('the map that is shipped is valid, and places that clouds share lie together', () => {
  const result = parseRegionCoordinates(regions);
  const distance = result.ok ? distanceOnMap(result.coordinates) : () => undefined;
  const frankfurt = { cloud: 'aws', region: 'eu-central-1' };
  const neighbours = [
    { cloud: 'gcp', region: 'europe-west3' },
    { cloud: 'azure', region: 'germanywestcentral' },
    { cloud: 'azure', region: 'germanywc' },
    { cloud: 'oracle', region: 'eu-frankfurt-1' },
  ];
  const near = neighbours.map((place) => distance(frankfurt, place) ?? Number.NaN);
  expect(near.filter((kilometres) => kilometres < 50)).toHaveLength(neighbours.length);
});
