// SPDX-License-Identifier: Apache-2.0
import { createHash, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../../config/config-error.ts';
import { type MirrorConfig, selectionsOf } from '../../config/mirror.ts';
import type { RegistryConfig } from '../../config/registry.ts';
import { whyUnread } from '../../config/why-unread.ts';
import { parseSelection, type Selection } from '../../core/mirroring/selection.ts';
import { matchesTagPattern } from '../../core/oci/tag-pattern.ts';
import { formatBlobPath } from '../../core/routing/blob-path.ts';
import { openLog } from '../../log.ts';
import type { ChangeFeed } from '../../mirror/change-feed.ts';
import { type MirrorOptions, type PreparedMirror, prepareMirror } from '../../mirror/mirror.ts';
import {
  LAYOUT_REPOSITORY,
  type MirrorSource,
  mirroredLayout,
  mirroredRegistry,
} from '../../mirror/mirror-source.ts';
import type { MirrorWatch } from '../../mirror/mirror-watch.ts';
import { pacedStore } from '../../mirror/paced-store.ts';
import type { PublishedTarget } from '../../mirror/publish-target.ts';
import { takeUp } from '../../mirror/take-up.ts';
import { registryChanges } from '../../registry/events/registry-changes.ts';
import { hasLayout } from '../../registry/store/ensure-layout.ts';
import { storeSource } from '../../registry/transfer/store-source.ts';
import type { ObjectStore } from '../../storage/driver.ts';
import { plainFolder } from '../../storage/plain-folder.ts';
import { parseKey } from '../../upstream/digest-index-seal.ts';
import { openUpstream } from '../../upstream/http-client.ts';
import type { UpstreamClient } from '../../upstream/upstream-client.ts';
import type { CommandIo } from '../command.ts';
import type { Loaded } from '../load-config.ts';
import { openStorage } from '../registry/open-storage.ts';
import { COPY_PORTS } from './copy-ports.ts';
import { readDeclaredImages } from './declared-images.ts';
import { openForeign } from './open-foreign.ts';
import { proveTargets } from './prove-targets.ts';
import { openSourceLogin } from './source-credentials.ts';

type LoadedMirror = Loaded<MirrorConfig>;

export interface MirrorSession {
  readonly prepared: PreparedMirror;
  carryOut(): Promise<void>;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly isDryRun: boolean;
  readonly watch: MirrorWatch;
  readonly onProblem: (problem: string) => void;
}

/** Everything a configuration names, looked at. */
export async function openMirrorSession(
  loaded: LoadedMirror,
  io: Pick<CommandIo, 'env' | 'err' | 'stop'>,
  { isDryRun, watch, onProblem }: SessionOptions,
): Promise<MirrorSession> {
  const { config } = loaded;
  const { mirror, feed, wish, sweepEvery, close } = await openMirrorParts(loaded, io, onProblem);
  try {
    if (!isDryRun) await proveTargets(loaded, mirror.targets);
    const taken = feed && (await takeUp({ mirror, feed, wish, sweepEvery }));
    const changes = taken?.changes;
    const given = { ...mirror, isDryRun, watch };
    const prepared = await prepareMirror({ ...given, ...(changes && { changes }) });
    const carryOut = async (): Promise<void> => {
      const done = await prepared.carryOut(COPY_PORTS, config.concurrency);
      const isAll = prepared.isWhole && done.length === mirror.targets.length;
      if (isAll) await taken?.remember();
    };
    return { prepared, carryOut, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What mirroring by a configuration is done with. */
export interface MirrorParts {
  readonly mirror: Omit<MirrorOptions, 'isDryRun'>;
  /** Undefined for a source that does not tell what is new. */
  readonly feed: ChangeFeed | undefined;
  readonly wish: string;
  /** Milliseconds. */
  readonly sweepEvery: number;
  readonly close: () => Promise<void>;
}

/** @throws ConfigError */
export async function openMirrorParts(
  loaded: LoadedMirror,
  io: Pick<CommandIo, 'env' | 'err' | 'stop'>,
  onProblem: (problem: string) => void,
): Promise<MirrorParts> {
  const { config } = loaded;
  const targets = await openTargets(loaded);
  const privateKey = await readKey(loaded);
  const declared = await readDeclaredImages(loaded);
  for (const problem of declared.problems) onProblem(problem);
  const { source, selections, feed, close } = await openSource(loaded, io);
  const log = openLog('error', io.err);
  const foreign = openForeign(config, { log, longestWait: LONGEST_WAIT });
  return {
    mirror: {
      source,
      selections,
      declared: declared.digests,
      targets,
      isImmutable: (tag) => config.immutable.some((pattern) => matchesTagPattern(pattern, tag)),
      includesManifests: config.manifests,
      foreign,
      memory: config.memory,
      referrersAfter: config.referrersEvery,
      index: { ...config.index, privateKey },
      now: Date.now,
      onProblem,
      signal: io.stop,
    },
    feed,
    wish: wishOf(config),
    sweepEvery: Math.min(config.sweepEvery, config.index.validFor / 2),
    close: async () => void (await Promise.all([close(), foreign?.close()])),
  };
}

/** What of a configuration says what a target is to hold, and where. */
function wishOf({ source, manifests, targets }: MirrorConfig): string {
  const paths = targets.map(({ name, blobPath }) => [name, formatBlobPath(blobPath)]);
  const { limits: _, ...wanted } = source;
  const parts = JSON.stringify([wanted, manifests, paths]);
  return createHash('sha256').update(parts).digest('hex');
}

/** Milliseconds for a list or a manifest: others may be waited for first. */
const WHOLE = 600_000;
/** Milliseconds that a registry may ask for before it is asked again: nobody sits and waits for a mirror. */
const LONGEST_WAIT = 120_000;

type SourceIo = Pick<CommandIo, 'env' | 'err'>;

interface OpenSource {
  readonly source: MirrorSource;
  readonly selections: readonly Selection[];
  readonly feed?: ChangeFeed;
  readonly close: () => Promise<void>;
}

async function openSource(loaded: LoadedMirror, io: SourceIo): Promise<OpenSource> {
  const { url, layout, registry } = loaded.config.source;
  if (registry !== undefined) return openOwnRegistry(loaded, registry);
  if (layout === undefined) {
    const { client, close } = await openClient(loaded, url ?? '', io);
    return { source: mirroredRegistry(client), selections: selectionsOf(loaded.config), close };
  }
  const source = await mirroredLayout(resolve(loaded.directory, layout));
  const everything = parseSelection(LAYOUT_REPOSITORY);
  // A layout names no repositories, and of digests no pattern of tags knows anything.
  const selections = everything === undefined ? [] : [{ ...everything, meansTag: () => true }];
  return { source, selections, close: async () => undefined };
}

async function openOwnRegistry(
  { directory, origin, config }: LoadedMirror,
  registry: Pick<RegistryConfig, 'storage'>,
): Promise<OpenSource> {
  const storage = await openStorage({ config: registry, directory, origin });
  if (!(await hasLayout(storage))) {
    throw new ConfigError(origin, [`source.registry.storage: ${storage.name} holds no registry`]);
  }
  return {
    source: storeSource(storage),
    selections: selectionsOf(config),
    feed: registryChanges(storage),
    close: async () => undefined,
  };
}

async function openClient(
  loaded: LoadedMirror,
  url: string,
  io: SourceIo,
): Promise<Pick<OpenSource, 'close'> & { readonly client: UpstreamClient }> {
  const { concurrency, source } = loaded.config;
  const login = await openSourceLogin(loaded, io);
  const { provider, tokenHosts } = login;
  const client = openUpstream({
    origin: url,
    ...(provider && { credentials: provider }),
    tokenHosts,
    allowPrivateHosts: source.privateHosts,
    perHost: concurrency,
    hostCaps: source.limits,
    limits: { whole: WHOLE, longestWait: LONGEST_WAIT, connections: concurrency },
    log: openLog('error', io.err),
  });
  return { client, close: async () => void (await Promise.all([client.close(), login.close()])) };
}

const PACE_PORTS = {
  now: () => performance.now(),
  sleep: (milliseconds: number, signal?: AbortSignal) => delay(milliseconds, undefined, { signal }),
};

async function openTargets(loaded: LoadedMirror): Promise<readonly PublishedTarget[]> {
  const opened: PublishedTarget[] = [];
  for (const { name, blobPath, publicUrl, storage, limits } of loaded.config.targets) {
    const store = await openStore(loaded, storage);
    const most = limits?.bytesPerSecond;
    const paced = most === undefined ? store : pacedStore(store, most, PACE_PORTS);
    opened.push({ name, blobPath, publicUrl, store: paced });
  }
  return opened;
}

async function openStore(
  { directory, origin }: LoadedMirror,
  storage: MirrorConfig['targets'][number]['storage'],
): Promise<ObjectStore> {
  if (storage.kind === 'filesystem') return plainFolder(resolve(directory, storage.directory));
  return openStorage({ config: { storage }, directory, origin });
}

async function readKey({
  config,
  directory,
  origin,
}: LoadedMirror): Promise<KeyObject | undefined> {
  if (config.index.key === undefined) return undefined;
  const path = resolve(directory, config.index.key);
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(origin, [`index.key: "${path}" ${whyUnread(error)}`]);
  });
  const key = parseKey('private', pem);
  if (key !== undefined) return key;
  const problem =
    'is no Ed25519 private key in PEM, as "openssl genpkey -algorithm ed25519" makes it';
  throw new ConfigError(origin, [`index.key: "${path}" ${problem}`]);
}
