// SPDX-License-Identifier: Apache-2.0
import { parseAwsRanges } from '../core/net/range-feeds/aws.ts';
import { parseAzureRanges } from '../core/net/range-feeds/azure.ts';
import { parseGcpRanges } from '../core/net/range-feeds/gcp.ts';
import { parseGeofeed } from '../core/net/range-feeds/geofeed.ts';
import { parseOracleRanges } from '../core/net/range-feeds/oracle.ts';
import type { RangeEntry, RangeFeedResult } from '../core/net/range-feeds/range-feed.ts';

/** Where ranges come from: a provider with a format of its own, or a geofeed under a name given to it. */
export type RangeFeed =
  | 'aws'
  | 'gcp'
  | 'oracle'
  | 'azure'
  | { readonly kind: 'geofeed'; readonly name: string };

/** Reads a file of the directory of copies; undefined when it is not there. */
export type ReadFile = (name: string) => Promise<string | undefined>;

export interface FeedProblem {
  /** The name of the feed. */
  readonly feed: string;
  readonly problem: string;
}

export interface FeedFiles {
  readonly entries: readonly RangeEntry[];
  readonly problems: readonly FeedProblem[];
}

/**
 * Reads the last good copy of each feed: `<name>.json`, or `<name>.csv` for a geofeed. Entries come in
 * the order of the feeds. Never fails: with a feed missing, or all of them, the front still serves.
 */
export async function readFeedFiles(
  read: ReadFile,
  feeds: readonly RangeFeed[],
): Promise<FeedFiles> {
  const results = await Promise.all(
    feeds.map(async (feed) => ({ feed: feedName(feed), result: await readFeedFile(read, feed) })),
  );
  return {
    entries: results.flatMap(({ result }) => (result.ok ? result.entries : [])),
    problems: results.flatMap(({ feed, result }) =>
      result.ok ? [] : result.problems.map((problem) => ({ feed, problem })),
    ),
  };
}

async function readFeedFile(read: ReadFile, feed: RangeFeed): Promise<RangeFeedResult> {
  const name = feedFile(feed);
  try {
    const text = await read(name);
    return text === undefined ? refusal(`there is no "${name}"`) : parseFeed(feed, text);
  } catch (error) {
    return refusal(`"${name}" cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function refusal(problem: string): RangeFeedResult {
  return { ok: false, problems: [problem] };
}

export function feedName(feed: RangeFeed): string {
  return typeof feed === 'string' ? feed : feed.name;
}

/** The name of its copy. */
export function feedFile(feed: RangeFeed): string {
  return `${feedName(feed)}.${typeof feed === 'string' ? 'json' : 'csv'}`;
}

export function parseFeed(feed: RangeFeed, text: string): RangeFeedResult {
  if (typeof feed !== 'string') return parseGeofeed(text, feed.name);
  switch (feed) {
    case 'aws':
      return parseAwsRanges(text);
    case 'gcp':
      return parseGcpRanges(text);
    case 'oracle':
      return parseOracleRanges(text);
    case 'azure':
      return parseAzureRanges(text);
  }
}
