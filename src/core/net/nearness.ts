// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from './cloud-region.ts';

/** A place on earth, in degrees: north and east are positive. */
export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

/** Where regions lie: by cloud, then by region. */
export type RegionCoordinates = ReadonlyMap<string, ReadonlyMap<string, Coordinates>>;

const EARTH_RADIUS = 6371;

/** Kilometres along the great circle, by the haversine formula, which stays exact for places close together. */
export function distanceBetween(from: Coordinates, to: Coordinates): number {
  const latitudes = haversine(to.latitude - from.latitude);
  const longitudes = haversine(to.longitude - from.longitude);
  const chord = latitudes + cosine(from.latitude) * cosine(to.latitude) * longitudes;
  // Between opposite places rounding can lead a hair above 1, where the arc sine is not defined.
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(Math.min(1, chord)));
}

function haversine(degrees: number): number {
  return Math.sin(radians(degrees) / 2) ** 2;
}

function cosine(degrees: number): number {
  return Math.cos(radians(degrees));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Makes the distance of the routing table; it is undefined where a region is not on the map. */
export function distanceOnMap(
  map: RegionCoordinates,
): (from: CloudRegion, to: CloudRegion) => number | undefined {
  return (from, to) => {
    const start = map.get(from.cloud)?.get(from.region);
    const end = map.get(to.cloud)?.get(to.region);
    return start === undefined || end === undefined ? undefined : distanceBetween(start, end);
  };
}

/** The nearest first; of places as near as each other the one given first. */
export function orderByNearness<Place extends Coordinates>(
  from: Coordinates,
  places: readonly Place[],
): readonly Place[] {
  return places
    .map((place) => ({ place, away: distanceBetween(from, place) }))
    .sort((a, b) => a.away - b.away)
    .map(({ place }) => place);
}
