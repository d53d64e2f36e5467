// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { distanceBetween, distanceOnMap, orderByNearness } from './nearness.ts';

const DUBLIN = { latitude: 53.3, longitude: -6.3 };
const FRANKFURT = { latitude: 50.1, longitude: 8.7 };
const SYDNEY = { latitude: -33.9, longitude: 151.2 };

describe('distanceBetween', () => {
  test.each([
    { name: 'the same place', from: DUBLIN, to: DUBLIN, expected: 0 },
    { name: 'Dublin and Frankfurt', from: DUBLIN, to: FRANKFURT, expected: 1091 },
    { name: 'Frankfurt and Dublin', from: FRANKFURT, to: DUBLIN, expected: 1091 },
    {
      name: 'across the date line',
      from: { latitude: 0, longitude: 179.5 },
      to: { latitude: 0, longitude: -179.5 },
      expected: 111,
    },
    {
      name: 'opposite places',
      from: { latitude: 33.9, longitude: -28.8 },
      to: SYDNEY,
      expected: 20015,
    },
    {
      name: 'the poles',
      from: { latitude: 90, longitude: 0 },
      to: { latitude: -90, longitude: 77 },
      expected: 20015,
    },
  ])('$name: $expected km', ({ from, to, expected }) => {
    expect(Math.round(distanceBetween(from, to))).toBe(expected);
  });
});

test('orderByNearness puts the nearest first and keeps the order of equals', () => {
  const places = [
    { name: 'sydney', ...SYDNEY },
    { name: 'frankfurt', ...FRANKFURT },
    { name: 'frankfurt too', ...FRANKFURT },
    { name: 'dublin', ...DUBLIN },
  ];
  const names = orderByNearness(DUBLIN, places).map(({ name }) => name);
  expect(names).toEqual(['dublin', 'frankfurt', 'frankfurt too', 'sydney']);
});

describe('distanceOnMap', () => {
  const map = new Map([
    ['aws', new Map([['eu-west-1', DUBLIN]])],
    ['gcp', new Map([['europe-west3', FRANKFURT]])],
  ]);
  const dublin = { cloud: 'aws', region: 'eu-west-1' };
  const frankfurt = { cloud: 'gcp', region: 'europe-west3' };

  test('is the distance between regions of any clouds', () => {
    expect(distanceOnMap(map)(dublin, frankfurt)).toBe(distanceBetween(DUBLIN, FRANKFURT));
  });

  test.each([
    { cloud: 'azure', region: 'eu-west-1' },
    { cloud: 'aws', region: 'europe-west3' },
    { cloud: 'aws', region: 'constructor' },
  ])('is undefined for $cloud/$region, which is not on the map', (place) => {
    expect(distanceOnMap(map)(dublin, place)).toBeUndefined();
    expect(distanceOnMap(map)(place, dublin)).toBeUndefined();
  });
});
