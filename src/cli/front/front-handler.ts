// SPDX-License-Identifier: Apache-2.0
import type { Config } from '../../config/schema.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { Handler } from '../../protocol/http.ts';
import type { Admit } from '../../redirector/admission.ts';
import type { BackendHealth } from '../../redirector/backend-health.ts';
import type { DigestProber } from '../../redirector/digest-prober.ts';
import type { ExistenceCache } from '../../redirector/existence-cache.ts';
import type { Generation } from '../../redirector/generation.ts';
import { listFetcher } from '../../redirector/list-fetcher.ts';
import { type Prober, type ProberPorts, prober } from '../../redirector/prober.ts';
import { type Proxying, proxying } from '../../redirector/proxy.ts';
import { redirector } from '../../redirector/redirector.ts';
import { upstreamLists } from '../../redirector/upstream-lists.ts';
import { probeClient } from '../../upstream/probe-client.ts';
import { openHealth, startCanaries } from './front-health.ts';
import { type FrontIndexes, openFrontIndexes } from './front-indexes.ts';
import type { FrontSecrets } from './front-secrets.ts';
import { type FrontUpstreams, openUpstreams } from './front-upstreams.ts';
import { openPullLog, type PullLog } from './pull-log.ts';

export interface FrontPorts {
  readonly generation: () => Generation;
  /** It may outlive this handler, and be replaced before it. */
  readonly admit: () => Admit | undefined;
  /** What is remembered of backends; it may outlive this handler. */
  readonly cache: ExistenceCache;
  readonly secrets: FrontSecrets;
  /** See `pullLogPlace`. */
  readonly pullLog: string | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface FrontHandler {
  readonly handler: Handler;
  readonly prober: DigestProber;
  readonly health: BackendHealth;
  readonly indexes: FrontIndexes;
  readonly pullLog: PullLog;
  /** Fetches for clients. */
  readonly underWay: Proxying['underWay'];
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
  const upstreams = openUpstreams(config, { ...ports, ...ports.secrets });
  const head = upstreams.askedBy(probes.head);
  const health = openHealth(config);
  const indexes = openFrontIndexes(config, { ...ports, ...ports.secrets });
  const prober = indexes.inFrontOf(openProber(config, { ...ports, health, head }), health);
  const proxied = openProxying(config, { ...ports, clientOf: upstreams.clientOf });
  const { knowledge } = indexes.loader;
  const sizeOf = (digest: Digest) => knowledge().sizeOf(digest);
  const pullLog = openPullLog(ports.pullLog, { sizeOf, log, metrics });
  const handler = redirector({
    generation,
    admit,
    prober,
    clock: () => performance.now(),
    fetchList: upstreamLists({ fetch: listFetcher(upstreams.clientOf), now: Date.now, sleep }),
    fetchProxied: proxied.fetch,
    recordPull: pullLog.record,
    redirects: metrics.counter(
      'archeion_redirects_total',
      'Redirects, by the upstream or backend they lead to and the reason.',
      ['by', 'reason'],
    ),
    proxied: metrics.counter(
      'archeion_proxied_total',
      'What was fetched for clients, by the upstream or backend it came from and the reason.',
      ['by', 'reason'],
    ),
    clients: metrics.counter(
      'archeion_clients_total',
      'Pulls redirected or fetched, by where their client is; "unreadable" had no readable address, "unknown" is in no feed.',
      ['cloud', 'region'],
    ),
  });
  const endCanaries = startCanaries(config, { head, health, log });
  return {
    handler,
    prober,
    health,
    indexes,
    pullLog,
    underWay: proxied.underWay,
    async close() {
      endCanaries();
      await Promise.all([probes.close(), indexes.close()]);
      // A layer may be minutes on its way, and a reload must not cut it off.
      await proxied.idle();
      await Promise.all([upstreams.close(), pullLog.close()]);
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

interface ProxyingParts {
  readonly clientOf: FrontUpstreams['clientOf'];
  readonly metrics: Metrics;
  readonly log: Log;
}

function openProxying({ maxConcurrentProxied }: Config, parts: ProxyingParts): Proxying {
  const outcomes = parts.metrics.counter(
    'archeion_proxy_fetches_total',
    'Fetches for clients, by upstream or backend and what came of them; "busy" when too many were under way.',
    ['by', 'outcome'],
  );
  return proxying({ ...parts, outcomes, everyMinute }, { maxConcurrent: maxConcurrentProxied });
}

function everyMinute(work: () => void): () => void {
  const timer = setInterval(work, 60_000).unref();
  return () => clearInterval(timer);
}

function sleep(milliseconds: number) {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  return { over, cancel: () => clearTimeout(timer) };
}
