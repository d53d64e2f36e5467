// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { FeedConfig } from '../../config/cloud-ranges.ts';
import type { RangeEntry } from '../../core/net/range-feeds/range-feed.ts';
import type { GuardLimits } from '../../core/net/range-guard.ts';
import { type FeedSource, feedSource } from '../../ranges/feed-urls.ts';
import type { LoadedConfig } from '../load-config.ts';

/** The part of a configuration that says where addresses are. */
export interface RangeSettings {
  /** Where the copies are. */
  readonly folder: string;
  readonly sources: readonly FeedSource[];
  readonly guard: GuardLimits;
  /** The configuration's own prefixes. */
  readonly own: readonly RangeEntry[];
  /** Milliseconds; undefined for never. */
  readonly refresh: number | undefined;
}

export function rangeSettings({ config, directory }: LoadedConfig): RangeSettings {
  const { cloudRanges } = config;
  return {
    folder: resolve(directory, cloudRanges.directory ?? '.'),
    sources: cloudRanges.feeds.map(sourceOf),
    guard: cloudRanges.guard,
    own: cloudRanges.static.map(({ prefix, ...place }) => ({ prefix, value: place })),
    refresh: cloudRanges.refresh,
  };
}

function sourceOf(feed: FeedConfig): FeedSource {
  if (typeof feed === 'string') return feedSource(feed, undefined);
  if ('name' in feed) return feedSource(feed.name, feed.url);
  return feedSource({ kind: 'geofeed', name: feed.geofeed }, feed.url);
}
