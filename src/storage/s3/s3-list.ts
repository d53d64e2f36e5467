// SPDX-License-Identifier: Apache-2.0
import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { ListOptions, ObjectInfo } from '../driver.ts';
import { afterPrefix, compareKeys } from '../key.ts';
import { startOf, visible } from '../listing.ts';
import { atStore } from './s3-errors.ts';
import { decodeListed } from './s3-keys.ts';
import { infoOf, type S3Store } from './s3-store.ts';

/** What a store gives at most. */
const LONGEST_PAGE = 1000;

/** Everything but what the driver keeps for itself. */
export function listObjects(
  store: S3Store,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<ObjectInfo, void, undefined> {
  return visible(listAll(store, prefix, options), options.limit);
}

/**
 * Page by page, each asked for only when the one before is used up.
 *
 * @param options the limit is how many are wanted, not how many are given
 */
export async function* listAll(
  store: S3Store,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<ObjectInfo, void, undefined> {
  const { after = '', limit = LONGEST_PAGE, delimiter = '' } = options;
  if (prefix.includes('\0') || prefix.includes('//')) return; // no key has that
  for (let start = startOf({ after, prefix, delimiter }); ; ) {
    const page = await nextPage(store, { prefix, delimiter, start, limit });
    for (const info of page.entries) {
      // Some stores show a cut key again that a page begins in.
      if (compareKeys(info.key, after) > 0) yield info;
    }
    const last = page.entries.at(-1);
    if (!page.isTruncated || last === undefined) return;
    start = last.version === '' ? afterPrefix(last.key) : last.key;
  }
}

interface PageRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly start: string;
  readonly limit: number;
}

interface Page {
  readonly entries: readonly ObjectInfo[];
  readonly isTruncated: boolean;
}

async function nextPage(store: S3Store, request: PageRequest): Promise<Page> {
  const { client, bucket, keys } = store;
  const { prefix, delimiter, start, limit } = request;
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    Prefix: keys.nameBelow(prefix),
    MaxKeys: Math.min(limit, LONGEST_PAGE),
    EncodingType: 'url',
    ...(start !== '' && { StartAfter: keys.nameBelow(start) }),
    ...(delimiter !== '' && { Delimiter: delimiter }),
  });
  const answer = await atStore(prefix, client.send(command));
  return { entries: entriesOf(store, answer), isTruncated: answer.IsTruncated === true };
}

/** Keys and cut keys, which the store gives apart. */
function entriesOf(
  { keys }: S3Store,
  { Contents = [], CommonPrefixes = [] }: ListObjectsV2CommandOutput,
): readonly ObjectInfo[] {
  const keyOf = (listed = ''): string => keys.keyOf(decodeListed(listed));
  const entries = Contents.map((listed) => infoOf(keyOf(listed.Key), listed));
  const cut = CommonPrefixes.map(({ Prefix }) => {
    return { key: keyOf(Prefix), size: 0, version: '', modifiedAt: 0 };
  });
  if (cut.length === 0) return entries;
  return [...entries, ...cut].sort((one, other) => compareKeys(one.key, other.key));
}
