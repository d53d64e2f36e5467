// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from './cloud-region.ts';
import type { RangeEntry } from './range-feeds/range-feed.ts';
import { addressSpace } from './range-space.ts';

/** One region as the prefix table sees it: an address counts where a lookup finds it, and once. */
export interface RegionStats extends CloudRegion {
  /** Prefixes that name it, those that a longer one covers included. */
  readonly prefixes: number;
  readonly ipv4: number;
  /** Rounded to what a number can hold. */
  readonly ipv6: number;
}

interface Sums {
  readonly place: CloudRegion;
  prefixes: number;
  4: bigint;
  6: bigint;
}

/** By cloud and region, in alphabetical order. */
export function statsOfRanges(entries: readonly RangeEntry[]): readonly RegionStats[] {
  const regions = new Map<string, Sums>();
  const sumsOf = (place: CloudRegion): Sums => {
    const key = `${place.cloud}/${place.region}`;
    const sums = regions.get(key) ?? { place, prefixes: 0, 4: 0n, 6: 0n };
    regions.set(key, sums);
    return sums;
  };
  for (const { value } of entries) sumsOf(value).prefixes += 1;
  for (const kind of [4, 6] as const) {
    const { ranges, line } = addressSpace(entries, kind);
    for (const [place, { start, value }] of ranges.entries()) {
      const end = ranges[place + 1]?.start ?? line.after(line.last);
      if (value !== undefined) sumsOf(value)[kind] += end - start;
    }
  }
  return [...regions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { place, prefixes, ...sums }]) => ({
      cloud: place.cloud,
      region: place.region,
      prefixes,
      ipv4: Number(sums[4]),
      ipv6: Number(sums[6]),
    }));
}
