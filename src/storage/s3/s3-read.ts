// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { throwIfAborted } from '../body.ts';
import type { ByteRange, ReadResult } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
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
    return { info, body: streamed(key, found.Body, signal) };
  } catch (error) {
    if (isAbsence(error)) return undefined;
    if (statusOf(error) !== PAST_THE_END) throw s3ErrorOf(key, error);
    const found = await statObject(store, object);
    return found && { info: found.info, body: nothing() };
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

/**
 * Written out, because a generator that was never started does not run its `finally`: a body that is closed
 * unread has to give its connection back, too.
 */
function streamed(
  key: string,
  body: unknown,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Uint8Array> {
  if (!(body instanceof Readable))
    throw new StorageError('failed', key, 'an answer without a body');
  const chunks: AsyncIterator<Uint8Array> = body.iterator({ destroyOnReturn: true });
  const abort = (): void => void body.destroy();
  let isClosed = false;
  const close = async (): Promise<{ done: true; value: undefined }> => {
    isClosed = true;
    signal?.removeEventListener('abort', abort);
    body.on('error', () => undefined); // nobody reads any more, so nobody minds
    body.destroy();
    return { done: true, value: undefined };
  };
  signal?.addEventListener('abort', abort, { once: true });
  return {
    async next() {
      throwIfAborted(key, signal);
      if (isClosed) return close();
      try {
        const next = await chunks.next();
        return next.done === true ? await close() : next;
      } catch (error) {
        await close();
        throwIfAborted(key, signal);
        throw s3ErrorOf(key, error);
      }
    },
    return: close,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}
