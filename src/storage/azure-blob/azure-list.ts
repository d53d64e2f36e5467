// SPDX-License-Identifier: Apache-2.0
import type { ListOptions, ObjectInfo } from '../driver.ts';
import { textOf } from '../http/store-client.ts';
import { compareKeys } from '../key.ts';
import { keyAlone, visible } from '../listing.ts';
import { type AzureStore, versionOf } from './azure-store.ts';
import { type BlobPage, type ListedBlob, parseBlobPage } from './azure-xml.ts';
import type { ListMarks } from './list-marks.ts';

/** What Azure gives at most. */
const LONGEST_PAGE = 5000;

/** Everything but what the driver keeps for itself. */
export function listBlobs(
  lists: AzureLists,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<ObjectInfo, void, undefined> {
  return visible(listAll(lists, prefix, options), options.limit);
}

export interface AzureLists {
  readonly store: AzureStore;
  readonly marks: ListMarks;
}

/**
 * Page by page, each asked for only when the one before is used up. Azure begins a list at its start or at a mark of
 * its own: what comes before `after` is passed over, from the closest mark that is known.
 */
export async function* listAll(
  { store, marks }: AzureLists,
  prefix: string,
  { after = '', limit = LONGEST_PAGE, delimiter = '' }: ListOptions = {},
): AsyncGenerator<ObjectInfo, void, undefined> {
  if (prefix.includes('\0') || prefix.includes('//')) return; // no key has that
  const list = JSON.stringify([prefix, delimiter]);
  const isFromStart = after === '' || compareKeys(after, prefix) < 0;
  for (let mark = isFromStart ? undefined : marks.closest(list, after); ; ) {
    const isExact = isFromStart || mark !== undefined;
    const count = isExact ? Math.min(limit, LONGEST_PAGE) : LONGEST_PAGE;
    const page = await nextPage(store, { prefix, delimiter, mark, count });
    const entries = entriesOf(store, page.blobs).filter(({ key }) => key.startsWith(prefix));
    const last = entries.at(-1)?.key;
    if (page.next !== undefined && last !== undefined) marks.keep(list, last, page.next);
    for (const info of entries) if (compareKeys(info.key, after) > 0) yield info;
    if (page.next === undefined) return;
    mark = page.next;
  }
}

interface PageRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly mark: string | undefined;
  readonly count: number;
}

async function nextPage(store: AzureStore, request: PageRequest): Promise<BlobPage> {
  const { client, container, keys } = store;
  const { prefix, delimiter, mark, count } = request;
  const parameters = {
    restype: 'container',
    comp: 'list',
    prefix: keys.nameBelow(prefix),
    maxresults: String(count),
    ...(delimiter !== '' && { delimiter }),
    ...(mark !== undefined && { marker: mark }),
  };
  const path = `${container}?${queryOf(parameters)}`;
  const answer = await client.send({ key: prefix, method: 'GET', path });
  return parseBlobPage(await textOf(answer, prefix));
}

/** With `%20`: a plus is signed as one and read as a space. */
function queryOf(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

function entriesOf({ keys }: AzureStore, blobs: readonly ListedBlob[]): readonly ObjectInfo[] {
  const entries = blobs.map(({ name, properties }) => {
    if (properties === undefined) return keyAlone(keys.keyOf(name));
    const { size, etag, modified } = properties;
    const [version, modifiedAt] = [versionOf(etag), Date.parse(modified)];
    return { key: keys.keyOf(name), size, version, modifiedAt };
  });
  return entries.sort((one, other) => compareKeys(one.key, other.key));
}
