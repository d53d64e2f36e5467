// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { throwIfAborted } from './body.ts';
import type { StorageError } from './storage-error.ts';

export interface StreamedFrom {
  readonly key: string;
  readonly body: Readable;
  readonly signal: AbortSignal | undefined;
  /** What a failure of the stream is to the driver's caller. */
  readonly errorOf: (key: string, error: unknown) => StorageError;
}

/**
 * Written out, because a generator that was never started does not run its `finally`: a body that is closed
 * unread has to give its connection back, too.
 */
export function streamedBody({
  key,
  body,
  signal,
  errorOf,
}: StreamedFrom): AsyncIterableIterator<Uint8Array> {
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
        throw errorOf(key, error);
      }
    },
    return: close,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

export async function* noBytes(): AsyncGenerator<Uint8Array, void, undefined> {}
