// SPDX-License-Identifier: Apache-2.0
import { fieldOf } from '../json-value.ts';
import { collectFromJson, rangeCollector } from './range-collector.ts';
import type { RangeFeedResult } from './range-feed.ts';

/**
 * Reads Google's `cloud.json`: the addresses that customers use. The scope `global` is kept as a region
 * of its own, far from everywhere: what pulls from there is in Google's network, and rules may go by the
 * cloud alone.
 * https://cloud.google.com/vpc/docs/configure-private-google-access#ip-addr-defaults
 */
export function parseGcpRanges(text: string): RangeFeedResult {
  const feed = rangeCollector('gcp');
  return collectFromJson(text, feed, (document) => {
    feed.each(document['prefixes'], 'prefixes', (item) =>
      feed.add(fieldOf(item, 'ipv4Prefix') ?? fieldOf(item, 'ipv6Prefix'), fieldOf(item, 'scope')),
    );
  });
}
