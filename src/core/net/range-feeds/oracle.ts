// SPDX-License-Identifier: Apache-2.0
import { fieldOf } from '../json-value.ts';
import { collectFromJson, rangeCollector } from './range-collector.ts';
import type { RangeFeedResult } from './range-feed.ts';

/**
 * Reads Oracle's `public_ip_ranges.json`: regions, each with its prefixes.
 * https://docs.oracle.com/en-us/iaas/Content/General/Concepts/addressranges.htm
 */
export function parseOracleRanges(text: string): RangeFeedResult {
  const feed = rangeCollector('oracle');
  return collectFromJson(text, feed, (document) => {
    feed.each(document['regions'], 'regions', (region, place) => {
      const name = fieldOf(region, 'region');
      feed.each(fieldOf(region, 'cidrs'), `regions[${place}].cidrs`, (item) =>
        feed.add(fieldOf(item, 'cidr'), name),
      );
      return undefined;
    });
  });
}
