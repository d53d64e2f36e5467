// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { Name, PrefixText, RefreshInterval } from './values.ts';

const FeedUrl = z
  .string()
  .refine(isFeedUrl, 'expected an http, https or file URL without user and fragment');

function isFeedUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^(?:https?|file):$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && url.hash === '';
}

const Provider = z.enum(['aws', 'gcp', 'azure', 'oracle']);

const Feed = z.union([
  Provider,
  z.strictObject({
    name: Provider,
    url: FeedUrl.optional().describe(
      "where it is fetched; by default the provider's own address, which Azure does not have",
    ),
  }),
  z.strictObject({
    geofeed: Name,
    url: FeedUrl.optional().describe('where it is fetched; without it the file stays as it is'),
  }),
]);

export type FeedConfig = z.output<typeof Feed>;

const Guard = z.strictObject({
  maxMoved: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('the share of its old addresses that may move to another region or vanish'),
  maxAdded: z
    .number()
    .min(0)
    .default(1)
    .describe('how many addresses may be new, as a share of the old ones: 1 lets a feed double'),
  shortestIPv4: z.int().min(0).max(32).default(8).describe('bits of the widest prefix believed'),
  shortestIPv6: z.int().min(0).max(128).default(16).describe('the same for IPv6'),
});

export const CloudRanges = z.strictObject({
  feeds: z
    .array(Feed)
    .default([])
    .refine(hasNoRepeats, 'two feeds have the same name')
    .describe(
      'files in `directory` as the providers publish them: `aws.json`, or `linode.csv` for `{ geofeed: linode }` (RFC 8805)',
    ),
  directory: z.string().min(1).optional().describe('a folder; relative to the configuration file'),
  refresh: RefreshInterval.optional().describe(
    'how often the feeds are fetched while the front runs, into `directory`; left out, never',
  ),
  guard: Guard.prefault({}).describe(
    'what a new copy of a feed may change; one that changes more is refused, and the old copy stays',
  ),
  static: z
    .array(z.strictObject({ prefix: PrefixText, cloud: Name, region: Name }))
    .default([])
    .describe('prefixes of your own; they win over the same prefix in a feed'),
});

function hasNoRepeats(feeds: readonly FeedConfig[]): boolean {
  const names = feeds.map((feed) => {
    if (typeof feed === 'string') return feed;
    return 'name' in feed ? feed.name : feed.geofeed;
  });
  return new Set(names).size === names.length;
}
