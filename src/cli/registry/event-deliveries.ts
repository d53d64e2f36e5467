// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../../config/config-error.ts';
import type { RegistryConfig } from '../../config/registry.ts';
import { whyUnread } from '../../config/why-unread.ts';
import type { Log } from '../../log.ts';
import type { Metrics, Sample } from '../../metrics.ts';
import { secretProblem } from '../../registry/events/sign-webhook.ts';
import { tellEndpoint } from '../../registry/events/tell-endpoint.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { openWebhook } from '../../upstream/webhook-client.ts';
import type { Loaded } from '../load-config.ts';

const POLL = 1_000;

type Endpoint = RegistryConfig['events']['endpoints'][number];

/** What is counted of deliveries, by endpoint. */
export interface DeliveryCounts {
  count(endpoint: string, outcome: 'delivered' | 'retried' | 'dead'): void;
  lag(endpoint: string, milliseconds: number | undefined): void;
}

export function deliveryCounts(metrics: Metrics): DeliveryCounts {
  const deliveries = metrics.counter(
    'archeion_event_deliveries_total',
    'Events that endpoints took, did not take yet, or never took.',
    ['endpoint', 'outcome'],
  );
  const lags = new Map<string, number>();
  metrics.gauge(
    'archeion_event_lag_seconds',
    'Age of the event that an endpoint is being told of; 0 when it has been told of everything.',
    () =>
      Array.from(lags, ([endpoint, lag]): Sample => ({ labels: { endpoint }, value: lag / 1_000 })),
  );
  return {
    count: (endpoint, outcome) => {
      deliveries.cell(endpoint, outcome).value += 1;
    },
    lag(endpoint, milliseconds) {
      if (milliseconds === undefined) lags.delete(endpoint);
      else lags.set(endpoint, milliseconds);
    },
  };
}

/** @throws ConfigError naming every file whose secret cannot be used */
export async function checkSecrets(loaded: Loaded<RegistryConfig>): Promise<void> {
  const problems: string[] = [];
  for (const [index, { secretFile }] of loaded.config.events.endpoints.entries()) {
    const file = resolve(loaded.directory, secretFile);
    const problem = await readSecret(file).then(secretProblem, whyUnread);
    if (problem !== undefined)
      problems.push(`events.endpoints.${index}.secretFile: the secret in "${file}" ${problem}`);
  }
  if (problems.length > 0) throw new ConfigError(loaded.origin, problems);
}

async function readSecret(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim();
}

export interface DeliveriesPorts {
  readonly storage: StorageDriver;
  readonly log: Log;
  readonly counts: DeliveryCounts;
}

export interface Deliveries {
  /** Leaves every endpoint to whoever comes next. Resolves when nothing is sent any more. */
  stop(): Promise<void>;
}

/** Tells every endpoint of what is in the log, each at its own pace. */
export function startDeliveries(
  { config, directory }: Loaded<RegistryConfig>,
  ports: DeliveriesPorts,
): Deliveries {
  const stop = new AbortController();
  const { endpoints } = config.readOnly ? { endpoints: [] } : config.events;
  const running = endpoints.map((endpoint) => {
    const secretFile = resolve(directory, endpoint.secretFile);
    return tell({ ...endpoint, secretFile }, config.events.source, {
      ...ports,
      signal: stop.signal,
    });
  });
  return {
    async stop() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

async function tell(
  endpoint: Endpoint,
  source: string,
  { storage, log, counts, signal }: DeliveriesPorts & { readonly signal: AbortSignal },
): Promise<void> {
  const { name, types, attempts, secretFile } = endpoint;
  const client = openWebhook(endpoint);
  const holder = randomUUID();
  await tellEndpoint(
    { endpoint: name, source, attempts, types, holder, poll: POLL },
    {
      storage,
      client,
      secret: () => readSecret(secretFile),
      log,
      now: Date.now,
      sleep: (milliseconds, until) =>
        delay(milliseconds, undefined, { signal: until, ref: false }).catch(() => undefined),
      random: Math.random,
      retried: () => counts.count(name, 'retried'),
      delivered: () => counts.count(name, 'delivered'),
      died: () => counts.count(name, 'dead'),
      lag: (milliseconds) => counts.lag(name, milliseconds),
      signal,
    },
  );
  await client.close();
}
