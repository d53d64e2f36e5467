// SPDX-License-Identifier: Apache-2.0
import type { BucketKeys } from '../bucket-keys.ts';
import type { ObjectInfo, WriteCondition } from '../driver.ts';
import { discard, type StoreAnswer, type StoreClient } from '../http/store-client.ts';
import type { FoundObject } from '../http/written-once.ts';

/** The part of a container that a driver works on. */
export interface AzureStore {
  readonly client: StoreClient;
  readonly keys: BucketKeys;
  /** The path of the container. */
  readonly container: string;
  /** Lets the store read a blob of its own for us: a URL, and headers that go with it. */
  readonly copySource: (blob: Blob) => Promise<CopySource>;
}

export interface CopySource {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A blob by its key, for messages, and the name it has in the container. */
export interface Blob {
  readonly key: string;
  readonly name: string;
}

export function blobOf({ keys }: AzureStore, key: string): Blob {
  return { key, name: keys.nameOf(key) };
}

export function pathOf(container: string, { name }: Blob, query = ''): string {
  const path = `${container}/${name.split('/').map(escaped).join('/')}`;
  return query === '' ? path : `${path}?${query}`;
}

/** What `encodeURIComponent` leaves is signed in one form and sent in another by some. */
function escaped(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export async function statBlob(
  { client, container }: AzureStore,
  blob: Blob,
): Promise<FoundObject | undefined> {
  const { key } = blob;
  const path = pathOf(container, blob);
  const answer = await client.send({ key, method: 'HEAD', path }, [404]);
  await discard(answer);
  if (answer.problem !== undefined) return undefined;
  const size = Number(answer.header('content-length'));
  return { info: infoOf(key, answer, size), nonce: answer.header('x-ms-meta-nonce') };
}

/** @returns whether it was there */
export async function deleteBlob(
  { client, container }: AzureStore,
  blob: Blob,
  headers: Readonly<Record<string, string>> = {},
): Promise<StoreAnswer> {
  const path = pathOf(container, blob);
  const all = { ...headers, 'x-ms-delete-snapshots': 'include' };
  const request = { key: blob.key, method: 'DELETE', path, headers: all } as const;
  const answer = await client.send(request, [404, 412]);
  await discard(answer);
  return answer;
}

export function infoOf(key: string, { header }: StoreAnswer, size: number): ObjectInfo {
  const modified = header('last-modified');
  return {
    key,
    size,
    version: versionOf(header('etag') ?? ''),
    modifiedAt: modified === undefined ? Date.now() : Date.parse(modified),
  };
}

/** Lists have it without quotes. */
export function versionOf(etag: string): string {
  return etag.replaceAll('"', '');
}

export function conditionOf(
  condition: WriteCondition | undefined,
): Readonly<Record<string, string>> {
  if (condition === undefined) return {};
  return 'absent' in condition
    ? { 'if-none-match': '*' }
    : { 'if-match': `"${condition.version}"` };
}
