// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open } from 'node:fs/promises';
import type { LayoutFiles } from '../layout-files.ts';
import { UpstreamError } from '../upstream-error.ts';
import { type ArchiveEntry, indexArchive } from './index-archive.ts';

/** The tar of an image layout, opened for reading: entries are found by where they lie, in whatever order. */
export interface Archive {
  readonly files: LayoutFiles;
  /** Every file in it, by its path. */
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  close(): Promise<void>;
}

/** The same bound that a layout in a folder has. */
const MOST_BYTES = 4_194_304;
const PIECE = 1_048_576;

/** @throws UpstreamError for what cannot be read, and for what no archive of a layout has */
export async function openArchive(file: string): Promise<Archive> {
  const handle = await readable(file, open(file, 'r'));
  try {
    const { size } = await readable(file, handle.stat());
    const read = (offset: number, length: number) => readExactly(handle, { file, offset, length });
    const entries = await indexArchive({ shown: file, size, read });
    return { files: filesOf(file, handle, entries), entries, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function filesOf(
  file: string,
  handle: FileHandle,
  entries: ReadonlyMap<string, ArchiveEntry>,
): LayoutFiles {
  return {
    async read(path) {
      const entry = entries.get(path);
      if (entry === undefined) return undefined;
      if (entry.size > MOST_BYTES) {
        const message = `"${path}" of "${file}" has more than ${MOST_BYTES} bytes`;
        throw new UpstreamError('too-large', message);
      }
      return readExactly(handle, { file, offset: entry.offset, length: entry.size });
    },
    async stream(path, signal) {
      const entry = entries.get(path);
      return entry && piecesOf({ file, handle, entry, signal });
    },
  };
}

interface Reading {
  readonly file: string;
  readonly handle: FileHandle;
  readonly entry: ArchiveEntry;
  readonly signal: AbortSignal | undefined;
}

async function* piecesOf({ file, handle, entry, signal }: Reading): AsyncGenerator<Uint8Array> {
  const end = entry.offset + entry.size;
  for (let offset = entry.offset; offset < end; offset += PIECE) {
    if (signal?.aborted) {
      throw new UpstreamError('aborted', `gave up on "${file}"`, { cause: signal.reason });
    }
    yield await readExactly(handle, { file, offset, length: Math.min(PIECE, end - offset) });
  }
}

interface Stretch {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

async function readExactly(handle: FileHandle, { file, offset, length }: Stretch): Promise<Buffer> {
  // A buffer of its own for each piece: the one before may not be written yet.
  const buffer = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const reading = handle.read(buffer, done, length - done, offset + done);
    const { bytesRead } = await readable(file, reading);
    if (bytesRead === 0) throw new UpstreamError('bad-answer', `"${file}" ends too early`);
    done += bytesRead;
  }
  return buffer;
}

async function readable<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new UpstreamError('unreachable', `cannot read "${file}"`, { cause });
  }
}
