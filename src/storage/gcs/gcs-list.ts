// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { ListOptions, ObjectInfo } from '../driver.ts';
import { jsonOf } from '../http/json-of.ts';
import { textOf } from '../http/store-client.ts';
import { afterPrefix, compareKeys } from '../key.ts';
import { keyAlone, startOf, visible } from '../listing.ts';
import { StorageError } from '../storage-error.ts';
import { FIELDS, type GcsStore, infoOf, queryOf, Resource } from './gcs-store.ts';

/** What Google gives at most. */
const LONGEST_PAGE = 1000;

/** Everything but what the driver keeps for itself. */
export function listObjects(
  store: GcsStore,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<ObjectInfo, void, undefined> {
  return visible(listAll(store, prefix, options), options.limit);
}

/**
 * Page by page, each asked for only when the one before is used up, and by the last key there was: what it begins with
 * is shown again.
 *
 * @param options the limit is how many are wanted, not how many are given
 */
export async function* listAll(
  store: GcsStore,
  prefix: string,
  { after = '', limit = LONGEST_PAGE, delimiter = '' }: ListOptions = {},
): AsyncGenerator<ObjectInfo, void, undefined> {
  if (prefix.includes('\0') || prefix.includes('//')) return; // no key has that
  const count = Math.min(limit + 1, LONGEST_PAGE);
  let last = after;
  for (let start = startOf({ after, prefix, delimiter }); ; ) {
    const page = await nextPage(store, { prefix, delimiter, start, count });
    for (const info of page.entries) {
      if (compareKeys(info.key, last) <= 0) continue;
      yield info;
      last = info.key;
    }
    const end = page.entries.at(-1);
    if (!page.isTruncated || end === undefined) return;
    start = end.version === '' ? afterPrefix(end.key) : end.key;
  }
}

interface PageRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly start: string;
  readonly count: number;
}

interface Page {
  readonly entries: readonly ObjectInfo[];
  readonly isTruncated: boolean;
}

const Listed = z.object({
  items: z.array(Resource).default([]),
  prefixes: z.array(z.string()).default([]),
  nextPageToken: z.string().default(''),
});

async function nextPage(store: GcsStore, request: PageRequest): Promise<Page> {
  const { client, keys, bucket, base } = store;
  const { prefix, delimiter, start, count } = request;
  const query = queryOf({
    prefix: keys.nameBelow(prefix),
    maxResults: String(count),
    fields: `items(${FIELDS}),prefixes,nextPageToken`,
    ...(delimiter !== '' && { delimiter }),
    ...(start !== '' && { startOffset: keys.nameBelow(start) }),
  });
  const path = `${base}/storage/v1/b/${bucket}/o?${query}`;
  const answer = await client.send({ key: prefix, method: 'GET', path });
  const found = Listed.safeParse(jsonOf(await textOf(answer, prefix)));
  if (!found.success) throw new StorageError('failed', prefix, 'an answer that is no list');
  return pageOf(store, found.data);
}

/** Keys and cut keys, which come apart; there may be cut keys of later pages among them. */
function pageOf({ keys }: GcsStore, { items, prefixes, nextPageToken }: z.output<typeof Listed>) {
  const objects = items.map((item) => infoOf(keys.keyOf(item.name), item));
  const cut = prefixes.map((name) => keyAlone(keys.keyOf(name)));
  const all = [...objects, ...cut].sort((one, other) => compareKeys(one.key, other.key));
  const isTruncated = nextPageToken !== '';
  const last = objects.at(-1)?.key;
  if (!isTruncated || last === undefined) return { entries: all, isTruncated };
  return { entries: all.filter(({ key }) => compareKeys(key, last) <= 0), isTruncated };
}
