// SPDX-License-Identifier: Apache-2.0
import { throwIfAborted } from '../body.ts';
import type { ByteRange, ObjectInfo, ReadResult } from '../driver.ts';
import type { StoreAnswer } from '../http/store-client.ts';
import { transportError } from '../http/store-problem.ts';
import { wholeSize } from '../http/whole-size.ts';
import { noBytes, streamedBody } from '../streamed-body.ts';
import { type GcsObject, type GcsStore, objectPath, statObject } from './gcs-store.ts';

export interface ReadOptions {
  readonly range?: ByteRange | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PAST_THE_END = 416;

export async function readObject(
  store: GcsStore,
  object: GcsObject,
  { range, signal }: ReadOptions = {},
): Promise<ReadResult | undefined> {
  const { key } = object;
  throwIfAborted(key, signal);
  const headers = {
    // What is stored compressed comes as it is stored: its digest is that of these bytes.
    'accept-encoding': 'gzip',
    ...(range && { range: `bytes=${range.first}-${range.last}` }),
  };
  const path = `${objectPath(store, object)}?alt=media`;
  const answer = await store.client.send({ key, method: 'GET', path, headers, signal }, [404, 416]);
  if (answer.status === PAST_THE_END) {
    const found = await statObject(store, object);
    return found && { info: found.info, body: noBytes() };
  }
  if (answer.problem !== undefined) return undefined;
  const body = streamedBody({ key, body: answer.body, signal, errorOf: transportError });
  return { info: infoIn(key, answer), body };
}

function infoIn(key: string, answer: StoreAnswer): ObjectInfo {
  const version = answer.header('x-goog-generation') ?? '';
  const modifiedAt = writtenAt(answer.header('last-modified'), version);
  return { key, size: wholeSize(answer), version, modifiedAt };
}

/**
 * Milliseconds. Where no header says when, the generation does, which counts microseconds; what it cannot mean is taken
 * for new, since what is old may be collected.
 */
export function writtenAt(
  modified: string | undefined,
  generation: string,
  now = Date.now(),
): number {
  if (modified !== undefined) return Date.parse(modified);
  const time = Math.floor(Number(generation) / 1_000_000) * 1_000;
  return time > FIRST_BUCKETS && time <= now ? time : now;
}

/** Google had none before 2010. */
const FIRST_BUCKETS = Date.UTC(2010);
