// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type KnownRepositories, knownRepositories } from '../core/routing/known-repositories.ts';
import { parseRepositoryList, type RepositoryListResult } from '../core/routing/repository-list.ts';
import type { Log } from '../log.ts';
import type { LoadedConfig } from './load-config.ts';

/** Where a configuration has its repositories from, when that can change while it is in force. */
export interface RepositorySource {
  readonly kind: 'file';
  readonly file: string;
  /** Milliseconds. */
  readonly refresh: number;
}

type Placed = Pick<LoadedConfig, 'config' | 'directory'>;

export function repositorySource({ config, directory }: Placed): RepositorySource | undefined {
  const { repositories } = config;
  if (repositories?.file === undefined) return undefined;
  const { file, refresh } = repositories;
  return { kind: 'file', file: resolve(directory, file), refresh };
}

/** What the configuration itself names. */
export function listedRepositories({ config }: Placed): KnownRepositories | undefined {
  const list = config.repositories?.list;
  return list === undefined ? undefined : knownRepositories(list);
}

/** Never rejects. */
export async function readRepositoryFile(file: string): Promise<RepositoryListResult> {
  try {
    return parseRepositoryList(await readFile(file, 'utf8'));
  } catch {
    return { ok: false, problem: `"${file}" cannot be read` };
  }
}

/** For a command that does not stay: what the configuration or its file names. Nobody else is asked. */
export async function repositoriesNow(
  loaded: Placed,
  log: Log,
): Promise<KnownRepositories | undefined> {
  const source = repositorySource(loaded);
  if (source === undefined) return listedRepositories(loaded);
  const result = await readRepositoryFile(source.file);
  if (result.ok) return knownRepositories(result.patterns);
  log.warn('repositories-refused', { source: source.kind, problem: result.problem });
  return undefined;
}
