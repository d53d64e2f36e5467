// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import { throwIfAborted } from '../body.ts';
import type { ByteRange, ReadResult } from '../driver.ts';
import { ifPresent, onDisk } from './filesystem-errors.ts';
import { READ_FLAGS, type SmallFiles, type SmallObject } from './filesystem-small.ts';
import { CHUNK, fileStreams, readPart } from './filesystem-stream.ts';
import { infoOf } from './filesystem-temporary.ts';

export interface FileRead {
  readonly key: string;
  readonly path: string;
  readonly range: ByteRange | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What fits into one chunk is read at once; a longer body keeps the file open. */
export async function readObject(
  small: SmallFiles,
  read: FileRead,
): Promise<ReadResult | undefined> {
  const { key, path, range, signal } = read;
  throwIfAborted(key, signal);
  const found = small.read(key, path);
  if (found !== 'large') return found && partOf(found, range);
  return openObject(read);
}

function partOf({ info, bytes: all }: SmallObject, range: ByteRange | undefined): ReadResult {
  const bytes = range === undefined ? all : all.subarray(range.first, range.last + 1);
  return { info, bytes, body: inOnePiece(bytes) };
}

/** Opens a file, and reads it in pieces. */
export async function openObject(read: FileRead): Promise<ReadResult | undefined> {
  const { key, path, range, signal } = read;
  const handle = await onDisk(key, ifPresent(open(path, READ_FLAGS)));
  if (handle === undefined) return undefined;
  let isStreamed = false;
  try {
    const facts = await onDisk(key, handle.stat({ bigint: true }));
    if (!facts.isFile()) return undefined;
    const info = infoOf(key, facts);
    const end = Math.min(info.size, (range?.last ?? Number.POSITIVE_INFINITY) + 1);
    const part = { key, handle, first: Math.min(range?.first ?? 0, end), end };
    isStreamed = part.end - part.first > CHUNK;
    if (isStreamed) return { info, ...fileStreams(part, signal) };
    const bytes = await onDisk(key, readPart(part));
    return { info, bytes, body: inOnePiece(bytes) };
  } finally {
    if (!isStreamed) await handle.close();
  }
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (bytes.byteLength > 0) yield bytes;
}
