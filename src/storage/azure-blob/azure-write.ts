// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Body, ObjectInfo, WriteOptions } from '../driver.ts';
import { discard } from '../http/store-client.ts';
import { CONFLICTS, refusedWrite } from '../http/written-once.ts';
import { sendInOrder, writeBody } from '../write-body.ts';
import { propertiesOf, startBlocks } from './azure-blocks.ts';
import { blockSizeOf } from './azure-parts.ts';
import {
  type AzureStore,
  type Blob,
  conditionOf,
  infoOf,
  pathOf,
  statBlob,
} from './azure-store.ts';

/** Writes a body of any length. */
export async function writeBlob(
  store: AzureStore,
  blob: Blob,
  body: Body,
  options: WriteOptions = {},
): Promise<ObjectInfo | 'conflict'> {
  return writeBody(body, options, {
    key: blob.key,
    sizeOf: blockSizeOf(options.size),
    putWhole: (bytes) => putBlob(store, blob, bytes, options),
    async putParts(parts) {
      const blocks = startBlocks(store, blob);
      await sendInOrder(parts, ({ bytes }) => blocks.put(bytes, options.signal));
      return blocks.commit(options);
    },
    stat: () => statBlob(store, blob),
  });
}

export async function putBlob(
  store: AzureStore,
  blob: Blob,
  body: Uint8Array,
  { condition, signal, ...options }: WriteOptions,
): Promise<ObjectInfo | 'conflict'> {
  const { client, container } = store;
  const { key } = blob;
  const nonce = randomUUID();
  const path = pathOf(container, blob);
  const headers = {
    'x-ms-blob-type': 'BlockBlob',
    ...conditionOf(condition),
    ...propertiesOf(options, nonce),
  };
  const answer = await client.send({ key, method: 'PUT', path, headers, body, signal }, CONFLICTS);
  await discard(answer);
  if (answer.problem === undefined) return infoOf(key, answer, body.byteLength);
  return refusedWrite({ key, nonce, condition, stat: () => statBlob(store, blob) }, answer);
}
