// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '../body.ts';
import type { ReadResult } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
import { onDisk } from './filesystem-errors.ts';

/** Bytes of an open file, `end` not among them. */
export interface FilePart {
  readonly key: string;
  readonly handle: FileHandle;
  readonly first: number;
  readonly end: number;
}

/** Measured: a gigabyte a second in pieces of 64 KiB, twice that in pieces of 1 MiB. */
export const CHUNK = 1024 * 1024;

/** Where chunks are read to. */
interface Memory {
  take(size: number): Buffer;
  /** After the last chunk was read, and is not used any more. */
  giveBack(): void;
}

/** The part in chunks. Both read the same file, so only one of them is to be used; closing it closes the file. */
export function fileStreams(
  part: FilePart,
  signal: AbortSignal | undefined,
): Pick<ReadResult, 'body' | 'lent'> {
  return {
    body: streamed(part, FRESH, signal),
    lent: { [Symbol.asyncIterator]: () => streamed(part, pooled(), signal) },
  };
}

/** For a part that is not larger than a chunk. */
export function readPart(part: FilePart): Promise<Uint8Array> {
  return readChunk(part, FRESH);
}

const FRESH: Memory = {
  take: (size) => Buffer.allocUnsafeSlow(size),
  giveBack() {},
};

const MOST_POOLED = 16;
const pool: Buffer[] = [];

/** To get memory from the system and give it back takes as long as to read a chunk. */
function pooled(): Memory {
  let own: Buffer | undefined;
  return {
    take(size) {
      if (size < CHUNK) return FRESH.take(size); // the last one may be too small for anybody to wait for
      own ??= pool.pop() ?? FRESH.take(CHUNK);
      return own;
    },
    giveBack() {
      if (own !== undefined && pool.length < MOST_POOLED) pool.push(own);
      own = undefined;
    },
  };
}

/**
 * Written out, because a generator that was never started does not run its `finally`: a body that is closed
 * unread has to close its file, too.
 */
function streamed(
  { key, handle, first, end }: FilePart,
  memory: Memory,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Uint8Array> {
  let place = first;
  const close = async (): Promise<{ done: true; value: undefined }> => {
    place = end;
    signal?.removeEventListener('abort', abort);
    await handle.close(); // waits for what is being read
    memory.giveBack();
    return { done: true, value: undefined };
  };
  const abort = (): void => void close();
  signal?.addEventListener('abort', abort, { once: true });
  return {
    async next() {
      throwIfAborted(key, signal);
      if (place >= end) return close();
      try {
        const part = { key, handle, first: place, end };
        const value = await onDisk(key, readChunk(part, memory));
        place += value.byteLength;
        return { done: false, value };
      } catch (error) {
        await close();
        throw error;
      }
    },
    return: close,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function readChunk(
  { key, handle, first, end }: FilePart,
  memory: Memory,
): Promise<Uint8Array> {
  const size = Math.min(CHUNK, end - first);
  const chunk = memory.take(size);
  for (let done = 0; done < size; ) {
    const { bytesRead } = await handle.read(chunk, done, size - done, first + done);
    if (bytesRead === 0) throw new StorageError('failed', key, 'the file became shorter');
    done += bytesRead;
  }
  return chunk;
}
