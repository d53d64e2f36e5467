// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { unknownUpload } from '../body.ts';
import type { ByteRange, ObjectInfo, WriteCondition } from '../driver.ts';
import { discard } from '../http/store-client.ts';
import { storeError } from '../http/store-problem.ts';
import { refusedWrite } from '../http/written-once.ts';
import { StorageError } from '../storage-error.ts';
import { type Blocks, startBlocks } from './azure-blocks.ts';
import { BLOCK, LARGEST_COPY, rangesOf } from './azure-parts.ts';
import { readBlob } from './azure-read.ts';
import {
  type AzureStore,
  type Blob,
  conditionOf,
  infoOf,
  pathOf,
  statBlob,
} from './azure-store.ts';
import { putBlob } from './azure-write.ts';

export interface SizedBlob extends Blob {
  readonly size: number;
}

export interface CopyTarget {
  readonly blob: Blob;
  readonly condition?: WriteCondition | undefined;
}

/**
 * One blob of several, or of one, within the store: at once what one request can copy, and blocks of the rest.
 *
 * @throws StorageError `unknown-upload` when one of them is gone
 */
export async function joinBlobs(
  store: AzureStore,
  parts: readonly SizedBlob[],
  { blob, condition }: CopyTarget,
): Promise<ObjectInfo | 'conflict'> {
  const options = condition === undefined ? {} : { condition };
  for (const part of parts) await requireThere(store, part, blob);
  const filled = parts.filter(({ size }) => size > 0);
  const [only, ...others] = filled;
  if (only === undefined) return putBlob(store, blob, new Uint8Array(), options);
  if (others.length === 0 && only.size <= LARGEST_COPY) {
    return copyAtOnce(store, only, { blob, condition });
  }
  const blocks = startBlocks(store, blob);
  for (const part of filled) await addBlocks(store, blocks, part);
  return blocks.commit(options);
}

/** Within the store, whole or not at all. */
async function copyAtOnce(
  store: AzureStore,
  from: SizedBlob,
  { blob, condition }: CopyTarget,
): Promise<ObjectInfo | 'conflict'> {
  const { client, container } = store;
  const { key } = blob;
  const nonce = randomUUID();
  const source = await store.copySource(from);
  const headers = {
    'x-ms-requires-sync': 'true',
    'x-ms-copy-source': source.url,
    'x-ms-meta-nonce': nonce,
    ...source.headers,
    ...conditionOf(condition),
  };
  const path = pathOf(container, blob);
  const answer = await client.send({ key, method: 'PUT', path, headers }, [404, 409, 412]);
  await discard(answer);
  const { problem, status } = answer;
  if (problem === undefined) return infoOf(key, answer, from.size);
  if (status === 404) throw storeError(key, status, problem);
  return refusedWrite({ key, nonce, condition, stat: () => statBlob(store, blob) }, answer);
}

/** What the store cannot copy by range passes through us. */
async function addBlocks(store: AzureStore, blocks: Blocks, part: SizedBlob): Promise<void> {
  const source = await store.copySource(part);
  for (const range of rangesOf(part.size, LARGEST_COPY)) {
    if (await blocks.copy(source, range)) continue;
    for (const { first, last } of rangesOf(range.last - range.first + 1, BLOCK)) {
      const piece = { first: range.first + first, last: range.first + last };
      await blocks.put(await bytesOfRange(store, part, piece));
    }
  }
}

async function bytesOfRange(store: AzureStore, part: Blob, range: ByteRange): Promise<Uint8Array> {
  const found = await readBlob(store, part, { range });
  if (found === undefined) throw unknownUpload(part.key);
  const chunks: Uint8Array[] = [];
  for await (const chunk of found.body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (bytes.byteLength === range.last - range.first + 1) return bytes;
  throw new StorageError('failed', part.key, 'a part of an upload became shorter');
}

async function requireThere(store: AzureStore, part: SizedBlob, { key }: Blob): Promise<void> {
  const found = await statBlob(store, part);
  if (found?.info.size !== part.size) throw unknownUpload(key);
}
