// SPDX-License-Identifier: Apache-2.0

import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { Config } from '../../config/schema.ts';
import { whyUnread } from '../../config/why-unread.ts';
import type { DigestIndexHeader } from '../../core/digest-index/digest-index-file.ts';
import type { Log } from '../../log.ts';
import type { Across } from '../../metrics/family.ts';
import type { Metrics } from '../../metrics.ts';
import type { BackendHealth } from '../../redirector/backend-health.ts';
import { type DigestLoader, digestLoader } from '../../redirector/digest-loader.ts';
import { type DigestProber, digestProber } from '../../redirector/digest-prober.ts';
import type { IndexedBackend } from '../../redirector/digest-watch.ts';
import type { Prober } from '../../redirector/prober.ts';
import { openIndexFetcher } from '../../upstream/digest-index-fetch.ts';
import { parseKey } from '../../upstream/digest-index-seal.ts';
import type { LoadedConfig } from '../load-config.ts';
import { repeat } from '../repeat.ts';

/** The keys of backends that have to prove that they are ours, by backend. */
export type OwnershipKeys = ReadonlyMap<string, KeyObject>;

/** @throws ConfigError naming every key that cannot be had */
export async function readOwnershipKeys({
  config,
  origin,
  directory,
}: Pick<LoadedConfig, 'config' | 'origin' | 'directory'>): Promise<OwnershipKeys> {
  const keys = new Map<string, KeyObject>();
  const problems: string[] = [];
  for (const [place, { name, ownership }] of config.backends.entries()) {
    if (ownership === undefined) continue;
    const file = resolve(directory, ownership.publicKey);
    const at = `backends.${place}.ownership.publicKey`;
    const pem = await readFile(file, 'utf8').catch((error: unknown) => {
      problems.push(`${at}: "${file}" ${whyUnread(error)}`);
    });
    if (pem === undefined) continue;
    const key = parseKey('public', pem);
    if (key === undefined) problems.push(`${at}: no Ed25519 key in PEM at "${file}"`);
    else keys.set(name, key);
  }
  if (problems.length > 0) throw new ConfigError(origin, problems);
  return keys;
}

export interface FrontIndexes {
  readonly loader: DigestLoader;
  /** Puts what the indexes say before what probes say. */
  readonly inFrontOf: (prober: Prober, health: BackendHealth) => DigestProber;
  /** Resolves when every pointer has been looked at once. */
  readonly ready: Promise<void>;
  /** Looks at every pointer now. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface FrontIndexPorts {
  readonly keys: OwnershipKeys;
  readonly log: Log;
}

/** Loads the indexes of the configuration and keeps looking at their pointers, until it is closed. */
export function openFrontIndexes(config: Config, { keys, log }: FrontIndexPorts): FrontIndexes {
  const indexed = indexedBackends(config, keys);
  const fetcher = openIndexFetcher();
  const loader = digestLoader(indexed, {
    fetcher,
    now: Date.now,
    log,
    readsSizes: config.pullEvents !== undefined,
  });
  const names = indexed.map(({ backend }) => backend);
  const watches = names.map((name) => repeat(() => loader.refresh(name), config.indexes.refresh));
  const owned = new Set(config.backends.filter(isOwned).map(({ name }) => name));
  const behind = new Map(config.backends.flatMap(behindOf));
  return {
    loader,
    inFrontOf: (prober, health) =>
      digestProber(prober, { knowledge: loader.knowledge, health, now: Date.now, owned, behind }),
    ready: Promise.all(watches.map(({ first }) => first)).then(() => undefined),
    async refresh() {
      await Promise.all(names.map((name) => loader.refresh(name)));
    },
    async close() {
      for (const { end } of watches) end();
      await fetcher.close();
    },
  };
}

type Backend = Config['backends'][number];

function indexedBackends({ backends }: Config, keys: OwnershipKeys): IndexedBackend[] {
  return backends.flatMap(({ name, url, index, ownership }) => {
    if (typeof index === 'object' || (index ?? ownership) === undefined) return [];
    const pointerUrl = typeof index === 'string' ? index : `${url}/archeion/index`;
    return [{ backend: name, url, pointerUrl, publicKey: keys.get(name) }];
  });
}

function isOwned({ ownership }: Backend): boolean {
  return ownership !== undefined;
}

function behindOf({ name, index }: Backend): Array<[string, string]> {
  return typeof index === 'object' ? [[name, index.of]] : [];
}

/** Per backend, as long as its index is in force: how many digests it has, and its times in seconds. */
export function exposeIndexes(metrics: Metrics, loader: () => DigestLoader): void {
  const gauge = (name: string, across: Across, { help, read }: IndexGauge) =>
    metrics.gauge(name, help, {
      across,
      read: () =>
        Array.from(loader().headers(), ([backend, header]) => ({
          labels: { backend },
          value: read(header),
        })),
    });
  gauge('archeion_digest_index_entries', 'max', {
    help: 'Digests in the index of each backend.',
    read: ({ sha256, sha512 }) => sha256 + sha512,
  });
  gauge('archeion_digest_index_valid_until_seconds', 'min', {
    help: 'Until when each index is believed, in seconds since 1970.',
    read: ({ validUntil }) => validUntil / 1_000,
  });
  gauge('archeion_digest_index_age_seconds', 'max', {
    help: 'How long ago each index was made.',
    read: ({ createdAt }) => (Date.now() - createdAt) / 1_000,
  });
}

interface IndexGauge {
  readonly help: string;
  readonly read: (header: DigestIndexHeader) => number;
}
