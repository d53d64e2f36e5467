// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { UpstreamError } from './upstream-error.ts';

/** The same bound that a registry's answers have. */
const MOST_BYTES = 4_194_304;

/** A document of an image layout; undefined when there is no such file. */
export async function readLayoutFile(file: string): Promise<Uint8Array | undefined> {
  const size = await sizeOf(file);
  if (size === undefined) return undefined;
  if (size > MOST_BYTES) {
    throw new UpstreamError('too-large', `"${file}" has more than ${MOST_BYTES} bytes`);
  }
  return readFile(file).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
}

/** What reading costs less with, measured on local disks: large pieces. */
const PIECE = 1_048_576;

/** A blob of an image layout, of any size; undefined when there is no such file. */
export async function streamLayoutFile(
  file: string,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  return (await sizeOf(file)) === undefined ? undefined : piecesOf(file, signal);
}

async function* piecesOf(
  file: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: PIECE, ...(signal && { signal }) });
  } catch (cause) {
    if (!signal?.aborted) throw unreadable(file, cause);
    throw new UpstreamError('aborted', `gave up on "${file}"`, { cause });
  }
}

/** Undefined for what is no file: opening a pipe would wait for ever. */
async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const info = await stat(file);
    return info.isFile() ? info.size : undefined;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): UpstreamError {
  return new UpstreamError('unreachable', `cannot read "${file}"`, { cause });
}
