// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { whyUnread } from '../../config/why-unread.ts';
import {
  type KnownRepositories,
  knownRepositories,
} from '../../core/routing/known-repositories.ts';
import {
  parseRepositoryList,
  type RepositoryListResult,
} from '../../core/routing/repository-list.ts';
import type { Log } from '../../log.ts';
import type { LoadedConfig } from '../load-config.ts';
import { type Login, loginOf, passwordReader } from './upstream-credentials.ts';

/** Where a configuration has its repositories from, when that can change while it is in force. A JSON value. */
export type RepositorySource = FileSource | CatalogSource;

interface FileSource {
  readonly kind: 'file';
  readonly file: string;
  /** Milliseconds. */
  readonly refresh: number;
}

interface CatalogSource {
  readonly kind: 'catalog';
  /** Of the upstream. */
  readonly url: string;
  /** Names are those below it; empty, or with a slash at the end. */
  readonly prefix: string;
  readonly login: Login | undefined;
  readonly mayShrinkBy: number;
  /** Milliseconds. */
  readonly refresh: number;
}

type Placed = Pick<LoadedConfig, 'config' | 'directory'>;

export function repositorySource({ config, directory }: Placed): RepositorySource | undefined {
  const { file, catalog, refresh = 0 } = config.repositories ?? {};
  if (file !== undefined) return { kind: 'file', file: resolve(directory, file), refresh };
  if (catalog === undefined) return undefined;
  const upstream = catalogOf(config, catalog.upstream);
  const { url, repositoryPrefix, credentials } = upstream;
  const prefix = repositoryPrefix === '' ? '' : `${repositoryPrefix}/`;
  const login = credentials && loginOf(credentials, directory);
  return { kind: 'catalog', url, prefix, login, mayShrinkBy: catalog.mayShrinkBy, refresh };
}

function catalogOf({ upstreams }: Config, name: string) {
  // The check of the configuration has found it.
  return upstreams.find((one) => one.name === name) ?? upstreams[0];
}

/** What the configuration itself names. */
export function listedRepositories({ config }: Placed): KnownRepositories | undefined {
  const list = config.repositories?.list;
  return list === undefined ? undefined : knownRepositories(list);
}

export interface SourcePorts {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Never rejects. */
export function readSource(
  source: RepositorySource,
  ports: SourcePorts,
): Promise<RepositoryListResult> {
  return source.kind === 'file' ? readList(source) : readCatalog(source, ports);
}

async function readList({ file }: FileSource): Promise<RepositoryListResult> {
  try {
    return parseRepositoryList(await readFile(file, 'utf8'));
  } catch (error) {
    return { ok: false, problem: `"${file}" ${whyUnread(error)}` };
  }
}

async function readCatalog(
  { url, prefix, login }: CatalogSource,
  { signal, log }: SourcePorts,
): Promise<RepositoryListResult> {
  const [{ openUpstream }, { fetchCatalog }] = await Promise.all([
    import('../../upstream/http-client.ts'),
    import('../../upstream/catalog-fetch.ts'),
  ]);
  // Once in minutes: a connection that is kept would be closed by then.
  const as = login && { credentials: passwordReader(login), tokenHosts: login.tokenHosts };
  const client = openUpstream({ origin: url, log, ...as });
  try {
    const { names, skipped } = await fetchCatalog(client, { prefix, signal });
    return { ok: true, patterns: [...names], skipped };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.close();
  }
}

/** For a command that does not stay. A check asks nobody, so a catalogue is passed over there. */
export async function repositoriesNow(
  loaded: Placed,
  { asksUpstream = false, ...ports }: SourcePorts & { readonly asksUpstream?: boolean },
): Promise<KnownRepositories | undefined> {
  const source = repositorySource(loaded);
  if (source === undefined) return listedRepositories(loaded);
  if (source.kind === 'catalog' && !asksUpstream) return undefined;
  const result = await readSource(source, ports);
  if (result.ok && result.patterns.length > 0) return knownRepositories(result.patterns);
  const problem = result.ok ? 'it names no repository' : result.problem;
  ports.log.warn('repositories-refused', { source: source.kind, problem });
  return undefined;
}
