// SPDX-License-Identifier: Apache-2.0
import { throwIfAborted } from '../body.ts';
import type { ByteRange, ReadResult } from '../driver.ts';
import { transportError } from '../http/store-problem.ts';
import { wholeSize } from '../http/whole-size.ts';
import { noBytes, streamedBody } from '../streamed-body.ts';
import { type AzureStore, type Blob, infoOf, pathOf, statBlob } from './azure-store.ts';

export interface ReadOptions {
  readonly range?: ByteRange | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PAST_THE_END = 416;

export async function readBlob(
  store: AzureStore,
  blob: Blob,
  { range, signal }: ReadOptions = {},
): Promise<ReadResult | undefined> {
  const { key } = blob;
  throwIfAborted(key, signal);
  const headers = range && { range: `bytes=${range.first}-${range.last}` };
  const path = pathOf(store.container, blob);
  const answer = await store.client.send({ key, method: 'GET', path, headers, signal }, [404, 416]);
  if (answer.status === PAST_THE_END) {
    const found = await statBlob(store, blob);
    return found && { info: found.info, body: noBytes() };
  }
  if (answer.problem !== undefined) return undefined;
  const body = streamedBody({ key, body: answer.body, signal, errorOf: transportError });
  return { info: infoOf(key, answer, wholeSize(answer)), body };
}
