// SPDX-License-Identifier: Apache-2.0
import { fieldOf } from '../json-value.ts';
import { collectFromJson, rangeCollector } from './range-collector.ts';
import type { RangeFeedResult } from './range-feed.ts';

/** The tags that hold all addresses of one region. Every other tag repeats a part of them for one service. */
const REGIONAL_TAG = 'AzureCloud.';

/**
 * Reads Azure's service tags (`ServiceTags_Public_<date>.json`). Regions keep the spelling of this file,
 * where some are shorter than elsewhere: `germanywc` is `germanywestcentral`.
 * https://learn.microsoft.com/azure/virtual-network/service-tags-overview
 */
export function parseAzureRanges(text: string): RangeFeedResult {
  const feed = rangeCollector('azure');
  return collectFromJson(text, feed, (document) => {
    feed.each(document['values'], 'values', (tag, place) => {
      const name = fieldOf(tag, 'name');
      if (typeof name !== 'string') return 'expected a tag with a name';
      if (!name.startsWith(REGIONAL_TAG)) return undefined;
      const properties = fieldOf(tag, 'properties');
      const path = `values[${place}].properties.addressPrefixes`;
      feed.each(fieldOf(properties, 'addressPrefixes'), path, (prefix) =>
        feed.add(prefix, fieldOf(properties, 'region')),
      );
      return undefined;
    });
  });
}
