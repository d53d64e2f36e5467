// SPDX-License-Identifier: Apache-2.0
import { isObject } from './json-value.ts';
import type { Coordinates, RegionCoordinates } from './nearness.ts';

export type RegionCoordinatesResult =
  | { readonly ok: true; readonly coordinates: RegionCoordinates }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Checks the document `data/regions.json`: `{ "<cloud>": { "<region>": [<latitude>, <longitude>] } }`, in degrees. */
export function parseRegionCoordinates(document: unknown): RegionCoordinatesResult {
  if (!isObject(document)) return { ok: false, problems: ['expected an object of clouds'] };
  const problems: string[] = [];
  const coordinates = new Map<string, ReadonlyMap<string, Coordinates>>();
  for (const [cloud, regions] of Object.entries(document)) {
    if (isObject(regions)) coordinates.set(cloud, regionsOf(cloud, regions, problems));
    else problems.push(`"${cloud}": expected an object of regions`);
  }
  return problems.length === 0 ? { ok: true, coordinates } : { ok: false, problems };
}

function regionsOf(
  cloud: string,
  regions: Readonly<Record<string, unknown>>,
  problems: string[],
): ReadonlyMap<string, Coordinates> {
  const known = new Map<string, Coordinates>();
  for (const [region, value] of Object.entries(regions)) {
    const place = coordinatesOf(value);
    if (place === undefined) {
      problems.push(`"${cloud}"."${region}": expected [latitude, longitude] in degrees`);
    } else known.set(region, place);
  }
  return known;
}

function coordinatesOf(value: unknown): Coordinates | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [latitude, longitude]: readonly unknown[] = value;
  if (!isWithin(latitude, 90) || !isWithin(longitude, 180)) return undefined;
  return { latitude, longitude };
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && value >= -most && value <= most;
}
