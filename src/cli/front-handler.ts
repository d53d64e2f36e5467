// SPDX-License-Identifier: Apache-2.0
import type { Config } from '../config/schema.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Handler } from '../protocol/http.ts';
import type { Admit } from '../redirector/admission.ts';
import type { BackendHealth } from '../redirector/backend-health.ts';
import type { DigestProber } from '../redirector/digest-prober.ts';
import type { ExistenceCache } from '../redirector/existence-cache.ts';
import type { Generation } from '../redirector/generation.ts';
import { listFetcher } from '../redirector/list-fetcher.ts';
import { type Prober, type ProberPorts, prober } from '../redirector/prober.ts';
import { redirector } from '../redirector/redirector.ts';
import { upstreamLists } from '../redirector/upstream-lists.ts';
import { probeClient } from '../upstream/probe-client.ts';
import type { UpstreamClient } from '../upstream/upstream-client.ts';
import { openHealth, startCanaries } from './front-health.ts';
import { type FrontIndexes, type OwnershipKeys, openFrontIndexes } from './front-indexes.ts';

export interface FrontPorts {
  readonly generation: () => Generation;
  /** It may outlive this handler, and be replaced before it. */
  readonly admit: () => Admit | undefined;
  /** What is remembered of backends; it may outlive this handler. */
  readonly cache: ExistenceCache;
  readonly keys: OwnershipKeys;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface FrontHandler {
  readonly handler: Handler;
  readonly prober: DigestProber;
  readonly health: BackendHealth;
  readonly indexes: FrontIndexes;
  /** Stops the canaries and the watch over indexes, and gives connections to backends and upstreams back. */
  close(): Promise<void>;
}

/** The redirector with everything it asks: backends, upstreams, what is remembered of them. */
export function openFrontHandler(config: Config, ports: FrontPorts): FrontHandler {
  const { generation, admit, metrics, log } = ports;
  const probes = probeClient({
    timeout: config.probes.timeout,
    connections: config.probes.maxConcurrent,
  });
  const health = openHealth(config);
  const indexes = openFrontIndexes(config, ports);
  const prober = indexes.inFrontOf(
    openProber(config, { ...ports, health, head: probes.head }),
    health,
  );
  const upstreams = upstreamClients(config, log);
  const handler = redirector({
    generation,
    admit,
    prober,
    clock: () => performance.now(),
    fetchList: upstreamLists({ fetch: upstreams.fetch, now: Date.now, sleep }),
    redirects: metrics.counter(
      'archeion_redirects_total',
      'Redirects, by the upstream or backend they lead to and the reason.',
      ['by', 'reason'],
    ),
    clients: metrics.counter(
      'archeion_clients_total',
      'Redirected requests, by where their client is; "unreadable" had no readable address, "unknown" is in no feed.',
      ['cloud', 'region'],
    ),
  });
  const endCanaries = startCanaries(config, { head: probes.head, health, log });
  return {
    handler,
    prober,
    health,
    indexes,
    async close() {
      endCanaries();
      await Promise.all([probes.close(), upstreams.close(), indexes.close()]);
    },
  };
}

interface ProberParts {
  readonly head: ProberPorts['head'];
  readonly health: BackendHealth;
  readonly cache: ExistenceCache;
  readonly metrics: Metrics;
}

function openProber({ probes }: Config, { head, health, cache, metrics }: ProberParts): Prober {
  const outcomes = metrics.counter(
    'archeion_probes_total',
    'Probes, by backend and what came of them; "skipped" when too many were under way.',
    ['backend', 'outcome'],
  );
  return prober({ head, cache, health, sleep, outcomes }, probes);
}

interface UpstreamClients {
  readonly fetch: ReturnType<typeof listFetcher>;
  close(): Promise<void>;
}

/**
 * One client for each upstream of the configuration, opened when the first list is asked for. Nothing is
 * tried twice: a client is waiting, and the redirect that it gets instead does as well.
 */
function upstreamClients(config: Config, log: Log): UpstreamClients {
  const known = new Set(config.upstreams.map(({ url }) => url));
  const open = new Map<string, UpstreamClient>();
  return {
    async fetch(question) {
      const { openUpstream } = await import('../upstream/http-client.ts');
      return listFetcher((url) => {
        if (!known.has(url)) return undefined;
        const client = open.get(url) ?? openUpstream({ origin: url, limits: { retries: 0 }, log });
        open.set(url, client);
        return client;
      })(question);
    },
    async close() {
      await Promise.all([...open.values()].map((client) => client.close()));
    },
  };
}

function sleep(milliseconds: number) {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  return { over, cancel: () => clearTimeout(timer) };
}
