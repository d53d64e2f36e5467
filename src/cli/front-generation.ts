// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { clientAddressPolicyOf, routingTableOf } from '../config/routing.ts';
import type { Config } from '../config/schema.ts';
import { distanceOnMap } from '../core/net/nearness.ts';
import type { RangeEntry } from '../core/net/range-feeds/range-feed.ts';
import { parseRegionCoordinates } from '../core/net/region-coordinates.ts';
import type { RoutingTable } from '../core/routing/routing-table.ts';
import type { Log } from '../log.ts';
import { type RangeFeed, readFeedFiles } from '../ranges/feed-files.ts';
import { type Generation, generation, type RangeSource } from '../redirector/generation.ts';
import { failedRouteTests } from '../redirector/route-tests.ts';
import type { LoadedConfig } from './load-config.ts';

/**
 * Reads what a generation is made of. A feed that cannot be had is logged, and the front serves without it.
 *
 * @throws ConfigError when a route of the configuration's own tests comes out otherwise
 */
export async function openGeneration(loaded: LoadedConfig, log: Log): Promise<Generation> {
  const { config, origin } = loaded;
  const made = generation({
    table: routingTableOf(config, await readDistances()),
    policy: clientAddressPolicyOf(config),
    sources: await readSources(loaded, log),
    showsRoute: config.routeHeaders,
  });
  const failed = failedRouteTests(made, config.tests);
  if (failed.length > 0) throw new ConfigError(origin, failed);
  return made;
}

/** The configuration's own prefixes first: of equal ones the table takes those that come first. */
async function readSources({ config, directory }: LoadedConfig, log: Log): Promise<RangeSource[]> {
  const { feeds, static: own } = config.cloudRanges;
  const folder = resolve(directory, config.cloudRanges.directory ?? '.');
  const read = (name: string) => readIfThere(join(folder, name));
  const published = await Promise.all(
    feeds.map(feedOf).map(async (feed) => {
      const { entries, problems } = await readFeedFiles(read, [feed]);
      for (const { problem } of problems) {
        log.warn('cloud-ranges-missing', { feed: nameOf(feed), problem, folder });
      }
      return { feed: nameOf(feed), entries };
    }),
  );
  return [{ feed: 'static', entries: own.map(entryOf) }, ...published];
}

function nameOf(feed: RangeFeed): string {
  return typeof feed === 'string' ? feed : feed.name;
}

function feedOf(feed: Config['cloudRanges']['feeds'][number]): RangeFeed {
  return typeof feed === 'string' ? feed : { kind: 'geofeed', name: feed.geofeed };
}

function entryOf({ prefix, cloud, region }: Config['cloudRanges']['static'][number]): RangeEntry {
  return { prefix, value: { cloud, region } };
}

async function readDistances(): Promise<RoutingTable['distance']> {
  const text = await readFile(new URL('../../data/regions.json', import.meta.url), 'utf8');
  const result = parseRegionCoordinates(JSON.parse(text));
  return result.ok ? distanceOnMap(result.coordinates) : () => undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
