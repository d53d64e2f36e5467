// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { bytesOf } from '../body.ts';
import type { Body, ObjectInfo, WriteOptions } from '../driver.ts';
import { discard } from '../http/store-client.ts';
import { CONFLICTS, refusedWrite } from '../http/written-once.ts';
import { inParts, type PartOfBody } from '../in-parts.ts';
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

/**
 * Writes a body of any length. What fits into one block is sent in one request; of more, one block is on its way
 * while the next one is read.
 */
export async function writeBlob(
  store: AzureStore,
  blob: Blob,
  body: Body,
  options: WriteOptions = {},
): Promise<ObjectInfo | 'conflict'> {
  const { size, condition } = options;
  const parts = inParts(bytesOf(blob.key, body, options), blockSizeOf(size));
  const first = (await parts.next()).value;
  // Never undefined: a body of nothing is one part of nothing.
  if (first === undefined || first.isLast) {
    return putBlob(store, blob, first?.bytes ?? new Uint8Array(), options);
  }
  // Much would be sent in vain; what is there was written under the same condition.
  const isInVain = condition !== undefined && 'absent' in condition;
  if (isInVain && (await statBlob(store, blob)) !== undefined) {
    for await (const _ of parts); // whether it is what it should be is heard all the same
    return 'conflict';
  }
  return putBlocks(store, blob, { first, rest: parts, options });
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

interface BodyInParts {
  readonly first: PartOfBody;
  readonly rest: AsyncIterable<PartOfBody>;
  readonly options: WriteOptions;
}

async function putBlocks(
  store: AzureStore,
  blob: Blob,
  { first, rest, options }: BodyInParts,
): Promise<ObjectInfo | 'conflict'> {
  const blocks = startBlocks(store, blob);
  const send = (bytes: Uint8Array): Promise<void> => {
    const sent = blocks.put(bytes, options.signal);
    sent.catch(() => undefined); // heard when its turn comes
    return sent;
  };
  let sending = send(first.bytes);
  try {
    for await (const { bytes } of rest) {
      await sending;
      sending = send(bytes);
    }
  } finally {
    await Promise.allSettled([sending]);
  }
  await sending;
  return blocks.commit(options);
}
