// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../config/config-error.ts';
import { clientAddressPolicyOf, routingTableOf } from '../../config/routing.ts';
import { distanceOnMap } from '../../core/net/nearness.ts';
import { parseRegionCoordinates } from '../../core/net/region-coordinates.ts';
import type { KnownRepositories } from '../../core/routing/known-repositories.ts';
import type { RoutingTable } from '../../core/routing/routing-table.ts';
import type { Log } from '../../log.ts';
import { folderCopies } from '../../ranges/copies.ts';
import { feedName, readFeedFiles } from '../../ranges/feed-files.ts';
import { type Generation, generation, type RangeSource } from '../../redirector/generation.ts';
import { failedRouteTests } from '../../redirector/route-tests.ts';
import type { LoadedConfig } from '../load-config.ts';
import { packageFile } from '../package-files.ts';
import { rangeSettings } from './ranges-settings.ts';

export interface GenerationPorts {
  /** Those that exist; undefined lets every name through. */
  readonly repositories: KnownRepositories | undefined;
  readonly log: Log;
}

/**
 * Reads what a generation is made of. A feed that cannot be had is logged, and the front serves without it.
 *
 * @throws ConfigError when a route of the configuration's own tests comes out otherwise
 */
export async function openGeneration(
  loaded: LoadedConfig,
  { repositories, log }: GenerationPorts,
): Promise<Generation> {
  const { config, origin } = loaded;
  const made = generation({
    table: {
      ...routingTableOf(config, await readDistances()),
      ...(repositories && { repositories }),
    },
    policy: clientAddressPolicyOf(config),
    sources: await readSources(loaded, log),
    showsRoute: config.routeHeaders,
  });
  const failed = failedRouteTests(made, config.tests);
  if (failed.length > 0) throw new ConfigError(origin, failed);
  return made;
}

/** The configuration's own prefixes first: of equal ones the table takes those that come first. */
async function readSources(loaded: LoadedConfig, log: Log): Promise<RangeSource[]> {
  const { folder, sources, own } = rangeSettings(loaded);
  const { read } = folderCopies(folder);
  const published = await Promise.all(
    sources.map(async ({ feed }) => {
      const { entries, problems } = await readFeedFiles(read, [feed]);
      for (const { problem } of problems) {
        log.warn('cloud-ranges-missing', { feed: feedName(feed), problem, folder });
      }
      return { feed: feedName(feed), entries };
    }),
  );
  return [{ feed: 'static', entries: own }, ...published];
}

async function readDistances(): Promise<RoutingTable['distance']> {
  const text = await readFile(packageFile('data/regions.json'), 'utf8');
  const result = parseRegionCoordinates(JSON.parse(text));
  return result.ok ? distanceOnMap(result.coordinates) : () => undefined;
}
