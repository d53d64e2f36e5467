// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import { type MirrorConfig, selectionsOf } from '../../config/mirror.ts';
import { parseSelection, type Selection } from '../../core/mirroring/selection.ts';
import { matchesTagPattern } from '../../core/oci/tag-pattern.ts';
import { openLog } from '../../log.ts';
import { type PreparedMirror, type PublishedTarget, prepareMirror } from '../../mirror/mirror.ts';
import {
  LAYOUT_REPOSITORY,
  type MirrorSource,
  mirroredLayout,
  mirroredRegistry,
} from '../../mirror/mirror-source.ts';
import type { ObjectStore } from '../../storage/driver.ts';
import { plainFolder } from '../../storage/plain-folder.ts';
import { parseKey } from '../../upstream/digest-index-seal.ts';
import { openUpstream } from '../../upstream/http-client.ts';
import type { UpstreamClient } from '../../upstream/upstream-client.ts';
import type { CommandIo } from '../command.ts';
import { loginOf, passwordReader } from '../front/upstream-credentials.ts';
import type { Loaded } from '../load-config.ts';
import { openStorage } from '../registry/open-storage.ts';
import { COPY_PORTS } from './copy-ports.ts';

type LoadedMirror = Loaded<MirrorConfig>;

export interface MirrorSession {
  readonly prepared: PreparedMirror;
  /** What went wrong so far; grows while the plan is carried out. */
  readonly problems: readonly string[];
  carryOut(): Promise<void>;
  close(): Promise<void>;
}

/** Everything a configuration names, looked at. */
export async function openMirrorSession(
  loaded: LoadedMirror,
  io: CommandIo,
  isDryRun: boolean,
): Promise<MirrorSession> {
  const { config } = loaded;
  const problems: string[] = [];
  const targets = await openTargets(loaded);
  const privateKey = await readKey(loaded);
  const { source, selections, close } = await openSource(loaded, io);
  try {
    const prepared = await prepareMirror({
      source,
      selections,
      targets,
      isImmutable: (tag) => config.immutable.some((pattern) => matchesTagPattern(pattern, tag)),
      includesManifests: config.manifests,
      referrersAfter: config.referrersEvery,
      isDryRun,
      index: { ...config.index, privateKey },
      now: Date.now,
      onProblem: (problem) => problems.push(problem),
      signal: io.stop,
    });
    const carryOut = async () => void (await prepared.carryOut(COPY_PORTS, config.concurrency));
    return { prepared, problems, carryOut, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Milliseconds for a list or a manifest: others may be waited for first. */
const WHOLE = 600_000;

interface OpenSource {
  readonly source: MirrorSource;
  readonly selections: readonly Selection[];
  readonly close: () => Promise<void>;
}

async function openSource(loaded: LoadedMirror, io: CommandIo): Promise<OpenSource> {
  const { url, layout } = loaded.config.source;
  if (layout === undefined) {
    const client = await openClient(loaded, url ?? '', io);
    const selections = selectionsOf(loaded.config);
    return { source: mirroredRegistry(client), selections, close: client.close };
  }
  const source = await mirroredLayout(resolve(loaded.directory, layout));
  const everything = parseSelection(LAYOUT_REPOSITORY);
  // A layout names no repositories, and of digests no pattern of tags knows anything.
  const selections = everything === undefined ? [] : [{ ...everything, meansTag: () => true }];
  return { source, selections, close: async () => undefined };
}

async function openClient(
  { config, directory, origin }: LoadedMirror,
  url: string,
  { err }: CommandIo,
): Promise<UpstreamClient> {
  const { credentials, privateHosts } = config.source;
  const login = credentials && loginOf(credentials, directory);
  const read = login && passwordReader(login);
  await read?.().catch((cause: unknown) => {
    const problem = `source.credentials.passwordFile: "${login?.file}" cannot be read`;
    throw new ConfigError(origin, [problem], cause);
  });
  return openUpstream({
    origin: url,
    ...(read && { credentials: read }),
    tokenHosts: credentials?.tokenHosts ?? [],
    allowPrivateHosts: privateHosts,
    perHost: config.concurrency,
    limits: { whole: WHOLE, connections: config.concurrency },
    log: openLog('error', err),
  });
}

async function openTargets(loaded: LoadedMirror): Promise<readonly PublishedTarget[]> {
  const opened: PublishedTarget[] = [];
  for (const { name, blobPath, publicUrl, storage } of loaded.config.targets) {
    opened.push({ name, blobPath, publicUrl, store: await openStore(loaded, storage) });
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
  const key = parseKey('private', await readFile(path, 'utf8').catch(() => ''));
  if (key !== undefined) return key;
  throw new ConfigError(origin, [`index.key: "${path}" is no Ed25519 private key in PEM`]);
}
