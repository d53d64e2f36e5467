// SPDX-License-Identifier: Apache-2.0
import { fieldOf } from '../json-value.ts';
import { collectFromJson, rangeCollector } from './range-collector.ts';
import type { RangeFeedResult } from './range-feed.ts';

/** Edge locations, which serve and do not pull: a prefix of this region says nothing of where a client is. */
const NO_REGION = 'GLOBAL';

/**
 * Reads Amazon's `ip-ranges.json`. A prefix is listed for each service that uses it, and counts once.
 * https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
 */
export function parseAwsRanges(text: string): RangeFeedResult {
  const feed = rangeCollector('aws');
  const add = (item: unknown, prefixField: string): string | undefined => {
    const region = fieldOf(item, 'region');
    return region === NO_REGION ? undefined : feed.add(fieldOf(item, prefixField), region);
  };
  return collectFromJson(text, feed, (document) => {
    feed.each(document['prefixes'], 'prefixes', (item) => add(item, 'ip_prefix'));
    feed.each(document['ipv6_prefixes'], 'ipv6_prefixes', (item) => add(item, 'ipv6_prefix'));
  });
}
