// SPDX-License-Identifier: Apache-2.0

import { mapStream } from '../../core/map-stream.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import {
  REPOSITORIES_PREFIX,
  REPOSITORY_END,
  repositoryOfPrefix,
  tagOfKey,
  tagPrefix,
} from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { findTagRecord, type TagRecord } from '../store/records.ts';

/** Records read at a time: enough to keep a disk busy. */
const READS = 16;

/** The names of all repositories, in byte order. Only one key of each is looked at. */
export async function listRepositories(storage: StorageDriver): Promise<readonly string[]> {
  const names: string[] = [];
  const cut = { delimiter: REPOSITORY_END };
  for await (const { key } of storage.list(REPOSITORIES_PREFIX, cut)) {
    const name = repositoryOfPrefix(key);
    if (name !== undefined) names.push(name);
  }
  // Keys are in another order: `a-b/_` comes before `a/_`. Names are ASCII, so this is byte order.
  return names.sort();
}

export interface TagEntry extends TagRecord {
  readonly tag: string;
}

/** The tags of a repository with what they point at, in byte order, read as they are asked for. */
export async function* streamTags({
  storage,
  repository,
}: RepositoryPlace): AsyncGenerator<TagEntry, void, undefined> {
  const read = async ({ key }: { readonly key: string }): Promise<TagEntry | undefined> => {
    const tag = tagOfKey(key);
    const record = await findTagRecord(storage, repository, tag);
    return record && { tag, ...record };
  };
  const entries = mapStream(storage.list(tagPrefix(repository), { keysOnly: true }), READS, read);
  // One that is gone was removed between our two looks.
  for await (const entry of entries) if (entry !== undefined) yield entry;
}
