// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { clientAddressPolicyOf, routingTableOf } from '../config/routing.ts';
import type { Config } from '../config/schema.ts';
import type { CloudRegion } from '../core/net/cloud-region.ts';
import { distanceOnMap } from '../core/net/nearness.ts';
import { buildPrefixTable, type PrefixTable } from '../core/net/prefix-table.ts';
import { parseRegionCoordinates } from '../core/net/region-coordinates.ts';
import type { RoutingTable } from '../core/routing/routing-table.ts';
import type { Log } from '../log.ts';
import { type RangeFeed, readFeedFiles } from '../ranges/feed-files.ts';
import { type Generation, generation } from '../redirector/generation.ts';
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
    prefixes: await readPrefixes(loaded, log),
  });
  const failed = failedRouteTests(made, config.tests);
  if (failed.length > 0) throw new ConfigError(origin, failed);
  return made;
}

async function readPrefixes(
  { config, directory }: LoadedConfig,
  log: Log,
): Promise<PrefixTable<CloudRegion>> {
  const { feeds, static: own } = config.cloudRanges;
  const folder = resolve(directory, config.cloudRanges.directory ?? '.');
  const { entries, problems } = await readFeedFiles(
    (name) => readIfThere(join(folder, name)),
    feeds.map(feedOf),
  );
  for (const { feed, problem } of problems)
    log.warn('cloud-ranges-missing', { feed, problem, folder });
  return buildPrefixTable([...staticEntries(own), ...entries]);
}

function feedOf(feed: Config['cloudRanges']['feeds'][number]): RangeFeed {
  return typeof feed === 'string' ? feed : { kind: 'geofeed', name: feed.geofeed };
}

type StaticRange = Config['cloudRanges']['static'][number];

/** The table gives equal prefixes to whoever comes first: these. */
function staticEntries(own: readonly StaticRange[]) {
  return own.map(({ prefix, cloud, region }) => ({ prefix, value: { cloud, region } }));
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
