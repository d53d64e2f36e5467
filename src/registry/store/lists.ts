// SPDX-License-Identifier: Apache-2.0

import { concurrently } from '../../core/concurrently.ts';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { type CutPage, cutPage, type ListPage } from '../../core/oci/list-page.ts';
import { referrerPrefix, repositoryPrefix, tagOfKey, tagPrefix } from './layout.ts';
import type { RepositoryPlace } from './manifest-store.ts';
import { readReferrer } from './records.ts';

/** Records read at a time: a page must not open a thousand files at once. */
const READS = 16;

/** A repository exists as long as there is anything in it. */
export async function isKnownRepository({
  storage,
  repository,
}: RepositoryPlace): Promise<boolean> {
  for await (const _ of storage.list(repositoryPrefix(repository), { limit: 1, keysOnly: true }))
    return true;
  return false;
}

/** Tags in byte order. */
export async function listTags(place: RepositoryPlace, page: ListPage): Promise<CutPage<string>> {
  const { entries, next } = await listNames(place, tagPrefix(place.repository), page);
  return { entries: entries.map(tagOfKey), ...(next !== undefined && { next: tagOfKey(next) }) };
}

export interface ReferrersPage {
  readonly descriptors: readonly Descriptor[];
  /** What the next page comes after. */
  readonly next?: string;
}

/** What is about a manifest, which itself need not be there. */
export async function listReferrers(
  place: RepositoryPlace,
  subject: Digest,
  page: ListPage,
): Promise<ReferrersPage> {
  const { entries, next } = await listNames(place, referrerPrefix(place.repository, subject), page);
  const read = await concurrently(entries, READS, (key) => readReferrer(place.storage, key));
  const descriptors = read.filter((descriptor) => descriptor !== undefined);
  return { descriptors, ...(next !== undefined && { next: tagOfKey(next) }) };
}

/** One key more than the page has tells whether there is another page. */
async function listNames(
  { storage }: RepositoryPlace,
  prefix: string,
  { limit, last }: ListPage,
): Promise<CutPage<string>> {
  const keys: string[] = [];
  const after = last === undefined ? {} : { after: prefix + last };
  for await (const { key } of storage.list(prefix, { ...after, limit: limit + 1, keysOnly: true }))
    keys.push(key);
  return cutPage(keys, limit);
}
