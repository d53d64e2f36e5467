// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/schema.ts';
import type { KnownRepositories } from '../../core/routing/known-repositories.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { Handler } from '../../protocol/http.ts';
import type { BackendHealth } from '../../redirector/backend-health.ts';
import { type ExistenceCache, existenceCache } from '../../redirector/existence-cache.ts';
import { type Explanation, explain } from '../../redirector/explain.ts';
import type { Generation } from '../../redirector/generation.ts';
import type { LoadedConfig } from '../load-config.ts';
import { openAdmission } from './front-admission.ts';
import { openGeneration } from './front-generation.ts';
import { type FrontHandler, openFrontHandler } from './front-handler.ts';
import { exposeIndexes } from './front-indexes.ts';
import { haveSameKeys, readSecrets } from './front-secrets.ts';
import { checkPullLog, pullLogPlace } from './pull-log.ts';
import { refuseRestart } from './refuse-restart.ts';

/** What the front serves by, replaced whole: a request sees one state from start to end. */
export interface FrontState {
  readonly handler: Handler;
  readonly config: () => Config;
  readonly explain: (target: string, address: string) => Promise<Explanation>;
  /**
   * Makes the next state beside this one; what it resolves with swaps them, at once. One at a time.
   *
   * @throws ConfigError when it cannot be used; what was there goes on
   */
  prepare(next: LoadedConfig): Promise<() => void>;
  /** Takes over what backends have published, before it would be looked at. */
  refreshIndexes(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds that a list may take, with something to spare: longer than any other answer. */
const LONGEST_ANSWER = 10_000;

/** What of a configuration stands in the handler, and not in the generation. */
const IN_HANDLER = [
  'existence',
  'probes',
  'health',
  'upstreams',
  'backends',
  'indexes',
  'maxConcurrentProxied',
  'pullEvents',
] as const;

export interface FrontStatePorts {
  readonly log: Log;
  readonly metrics: Metrics;
  /** The repositories there are; undefined when nobody says so. */
  readonly knownOf: (loaded: LoadedConfig) => Promise<KnownRepositories | undefined>;
}

export async function openFrontState(
  loaded: LoadedConfig,
  { log, metrics, knownOf }: FrontStatePorts,
): Promise<FrontState> {
  let { config } = loaded;
  const generationOf = async (of: LoadedConfig) =>
    openGeneration(of, { repositories: await knownOf(of), log });
  let generation = await generationOf(loaded);
  let cache = existenceCache(config.existence, Date.now);
  let secrets = await readSecrets(loaded);
  await checkPullLog(loaded);
  let pullLog = pullLogPlace(loaded);
  let admit = openAdmission(config, metrics);
  const open = (): FrontHandler =>
    openFrontHandler(config, {
      generation: () => generation,
      admit: () => admit,
      cache,
      secrets,
      pullLog,
      metrics,
      log,
    });
  let current = open();
  exposeIndexes(metrics, () => current.indexes.loader);
  exposeState(metrics, {
    config: () => config,
    generation: () => generation,
    health: () => current.health,
    underWay: () => current.underWay(),
    cache: () => cache,
  });
  return {
    handler: (request) => current.handler(request),
    config: () => config,
    async explain(target, address) {
      await current.indexes.ready; // a command explains at once what a server knows a moment later
      return explain(target, address, { generation, ...current });
    },
    async prepare(next) {
      refuseRestart(config, next);
      const [made, nextSecrets] = [await generationOf(next), await readSecrets(next)];
      await checkPullLog(next);
      return () => {
        const old = current;
        const isSame = (key: keyof Config) => isDeepStrictEqual(config[key], next.config[key]);
        // A key that was replaced in its file leaves the configuration as it was.
        const isHandlerKept = IN_HANDLER.every(isSame) && haveSameKeys(secrets, nextSecrets);
        const closeAfter = Math.max(config.probes.timeout, LONGEST_ANSWER);
        // By URL, so what is remembered stays true whichever backends come and go.
        if (!isSame('existence')) cache = existenceCache(next.config.existence, Date.now);
        // Else a reload would let everybody begin anew.
        if (!isSame('rateLimit')) admit = openAdmission(next.config, metrics);
        // Nothing here waits: nobody sees the half of it.
        config = next.config;
        secrets = nextSecrets;
        pullLog = pullLogPlace(next);
        generation = made;
        if (isHandlerKept) {
          current.pullLog.reopen();
          return;
        }
        current = open();
        // Requests that the old one is still asking for get their answers first.
        setTimeout(() => void old.close(), closeAfter).unref();
      };
    },
    refreshIndexes: () => current.indexes.refresh(),
    close: () => current.close(),
  };
}

interface StateParts {
  readonly config: () => Config;
  readonly generation: () => Generation;
  readonly health: () => BackendHealth;
  readonly underWay: () => number;
  readonly cache: () => ExistenceCache;
}

function exposeState(metrics: Metrics, parts: StateParts): void {
  const { config, generation, health, underWay, cache } = parts;
  metrics.gauge('archeion_cloud_ranges_entries', 'Prefixes that are served, by feed.', {
    across: 'max',
    read: () =>
      generation().sources.map(({ feed, entries }) => ({
        labels: { feed },
        value: entries.length,
      })),
  });
  metrics.gauge('archeion_known_repositories', 'Repositories that are let through.', {
    across: 'max',
    read() {
      const size = generation().table.repositories?.patterns.size;
      return size === undefined ? [] : [{ labels: {}, value: size }];
    },
  });
  metrics.gauge('archeion_proxied_under_way', 'Fetches for clients that are under way.', () => [
    { labels: {}, value: underWay() },
  ]);
  metrics.gauge('archeion_existence_entries', 'Blobs remembered of probes.', () => [
    { labels: {}, value: cache().size },
  ]);
  metrics.gauge('archeion_backend_state', '1 for the state each backend is in.', {
    across: 'max',
    read: () =>
      config().backends.map(({ name }) => ({
        labels: { backend: name, state: health().stateOf(name) },
        value: 1,
      })),
  });
}
