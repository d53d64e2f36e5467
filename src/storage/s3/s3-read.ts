// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { throwIfAborted } from '../body.ts';
import type { ByteRange, ReadResult } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
import { noBytes, streamedBody } from '../streamed-body.ts';
import { isAbsence, s3ErrorOf, statusOf } from './s3-errors.ts';
import { infoOf, type S3Object, type S3Store, statObject } from './s3-store.ts';

export interface ReadOptions {
  readonly range?: ByteRange | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PAST_THE_END = 416;

export async function readObject(
  store: S3Store,
  object: S3Object,
  { range, signal }: ReadOptions = {},
): Promise<ReadResult | undefined> {
  const { key, name } = object;
  throwIfAborted(key, signal);
  const command = new GetObjectCommand({
    Bucket: store.bucket,
    Key: name,
    ...(range && { Range: rangeHeader(range) }),
  });
  try {
    const found = await store.client.send(command, signal ? { abortSignal: signal } : {});
    const info = infoOf(key, { ...found, Size: sizeOf(found) });
    return { info, body: bodyOf(key, found.Body, signal) };
  } catch (error) {
    if (isAbsence(error)) return undefined;
    if (statusOf(error) !== PAST_THE_END) throw s3ErrorOf(key, error);
    const found = await statObject(store, object);
    return found && { info: found.info, body: noBytes() };
  }
}

export function rangeHeader({ first, last }: ByteRange): string {
  return `bytes=${first}-${last}`;
}

/** Of the whole object; of a part, its length is at the end of Content-Range. */
function sizeOf({ ContentRange, ContentLength }: GetObjectCommandOutput): number | undefined {
  const whole = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
  return whole === undefined ? ContentLength : Number(whole);
}

function bodyOf(
  key: string,
  body: unknown,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Uint8Array> {
  if (!(body instanceof Readable))
    throw new StorageError('failed', key, 'an answer without a body');
  return streamedBody({ key, body, signal, errorOf: s3ErrorOf });
}
