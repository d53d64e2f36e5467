// SPDX-License-Identifier: Apache-2.0
import { constants, type Stats } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { UpstreamError } from './upstream-error.ts';

/** The same bound that a registry's answers have. */
const MOST_BYTES = 4_194_304;

/** What reading costs less with, measured on local disks: large pieces. */
const PIECE = 1_048_576;

/** A link that was put there since we looked is refused by the system; a pipe is not waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The files of an image layout, by their paths in it. */
export interface LayoutFiles {
  /** A document; undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** A blob of any size; undefined when there is no such file. */
  stream(
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/**
 * Only plain files that really lie in the layout are read: somebody else may have made it, and a symbolic link
 * in it would bring whatever this process can read into a registry.
 */
export function layoutFiles(directory: string): LayoutFiles {
  return {
    async read(path) {
      const file = join(directory, path);
      const info = await statPlain(directory, path);
      if (info === undefined) return undefined;
      if (info.size > MOST_BYTES) {
        throw new UpstreamError('too-large', `"${file}" has more than ${MOST_BYTES} bytes`);
      }
      return readable(file, readWhole(file));
    },
    async stream(path, signal) {
      const info = await statPlain(directory, path);
      return info === undefined ? undefined : piecesOf(join(directory, path), signal);
    },
  };
}

async function readWhole(file: string): Promise<Uint8Array> {
  const handle = await open(file, FLAGS);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function* piecesOf(
  file: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const handle = await readable(file, open(file, FLAGS));
  try {
    for (;;) {
      if (signal?.aborted) {
        throw new UpstreamError('aborted', `gave up on "${file}"`, { cause: signal.reason });
      }
      // A buffer of its own for each piece: the one before may not be written yet.
      const buffer = Buffer.allocUnsafeSlow(PIECE);
      const { bytesRead } = await readable(file, handle.read(buffer, 0, PIECE));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function readable<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Undefined for what is no file. */
async function statPlain(directory: string, path: string): Promise<Stats | undefined> {
  const file = join(directory, path);
  try {
    const info = await lstat(file);
    if (info.isSymbolicLink() || !(await isBelow(directory, path))) throw leadsAway(file);
    return info.isFile() ? info : undefined;
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw unreadable(file, cause);
  }
}

/** No folder on the way is a link either. The layout itself may be reached by one: that is the caller's wish. */
async function isBelow(directory: string, path: string): Promise<boolean> {
  const [root, file] = await Promise.all([realpath(directory), realpath(join(directory, path))]);
  return file === join(root, path);
}

function leadsAway(file: string): UpstreamError {
  const message = `"${file}" is a symbolic link or lies behind one: only plain files in the layout are read, copy it with "cp -RL"`;
  return new UpstreamError('bad-answer', message);
}

function unreadable(file: string, cause: unknown): UpstreamError {
  return new UpstreamError('unreachable', `cannot read "${file}"`, { cause });
}
