// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { throwIfAborted } from './body.ts';
import type { ByteRange, ReadResult } from './driver.ts';
import { ifPresent, onDisk } from './filesystem-errors.ts';
import { infoOf } from './filesystem-temporary.ts';
import { StorageError } from './storage-error.ts';

export interface FileRead {
  readonly key: string;
  readonly path: string;
  readonly range: ByteRange | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Bytes of an open file, `end` not among them. */
interface Part {
  readonly key: string;
  readonly handle: FileHandle;
  readonly first: number;
  readonly end: number;
}

/** Measured: a gigabyte a second in pieces of 64 KiB, twice that in pieces of 1 MiB. */
const CHUNK = 1024 * 1024;

/** A symbolic link is none of our objects, and opening a pipe must not wait for its writer. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens an object. What fits into one chunk is read at once; a longer body keeps the file open. */
export async function readObject(read: FileRead): Promise<ReadResult | undefined> {
  const { key, path, range, signal } = read;
  throwIfAborted(key, signal);
  const handle = await onDisk(key, ifPresent(open(path, FLAGS)));
  if (handle === undefined) return undefined;
  let isStreamed = false;
  try {
    const facts = await onDisk(key, handle.stat({ bigint: true }));
    if (!facts.isFile()) return undefined;
    const info = infoOf(key, facts);
    const end = Math.min(info.size, (range?.last ?? Number.POSITIVE_INFINITY) + 1);
    const part = { key, handle, first: Math.min(range?.first ?? 0, end), end };
    isStreamed = part.end - part.first > CHUNK;
    if (isStreamed) return { info, body: streamed(part, signal) };
    return { info, body: inOnePiece(await onDisk(key, readChunk(part))) };
  } finally {
    if (!isStreamed) await handle.close();
  }
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (bytes.byteLength > 0) yield bytes;
}

/**
 * Written out, because a generator that was never started does not run its `finally`: a body that is closed
 * unread has to close its file, too.
 */
function streamed(
  { key, handle, first, end }: Part,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Uint8Array> {
  let place = first;
  const close = async (): Promise<{ done: true; value: undefined }> => {
    place = end;
    signal?.removeEventListener('abort', abort);
    await handle.close();
    return { done: true, value: undefined };
  };
  const abort = (): void => void close();
  signal?.addEventListener('abort', abort, { once: true });
  return {
    async next() {
      throwIfAborted(key, signal);
      if (place >= end) return close();
      try {
        const value = await onDisk(key, readChunk({ key, handle, first: place, end }));
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

/** A buffer of its own for each chunk: the one before may still be on its way to a slow client. */
async function readChunk({ key, handle, first, end }: Part): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, end - first));
  for (let done = 0; done < buffer.byteLength; ) {
    const { bytesRead } = await handle.read(buffer, done, buffer.byteLength - done, first + done);
    if (bytesRead === 0) throw new StorageError('failed', key, 'the file became shorter');
    done += bytesRead;
  }
  return buffer;
}
