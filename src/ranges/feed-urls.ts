// SPDX-License-Identifier: Apache-2.0
import type { RangeFeed } from './feed-files.ts';

/** A feed, and where it is fetched; without an address its copy stays as somebody put it there. */
export interface FeedSource {
  readonly feed: RangeFeed;
  readonly url: string | undefined;
}

/** Azure's address changes every week, with the date in it. */
const URLS: Readonly<Record<Extract<RangeFeed, string>, string | undefined>> = {
  aws: 'https://ip-ranges.amazonaws.com/ip-ranges.json',
  gcp: 'https://www.gstatic.com/ipranges/cloud.json',
  oracle: 'https://docs.oracle.com/en-us/iaas/tools/public_ip_ranges.json',
  azure: undefined,
};

/** The feed of that name, at that address or where its provider publishes it. */
export function feedSource(feed: RangeFeed, url: string | undefined): FeedSource {
  return { feed, url: url ?? (typeof feed === 'string' ? URLS[feed] : undefined) };
}

/** Any other name than those of the providers is the name of a geofeed. */
export function feedOfName(name: string): RangeFeed {
  return isProvider(name) ? name : { kind: 'geofeed', name };
}

function isProvider(name: string): name is Extract<RangeFeed, string> {
  return Object.hasOwn(URLS, name);
}
