// SPDX-License-Identifier: Apache-2.0
import { fsync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Open files by their number. What only touches names and small records is done in the same turn throughout the
 * driver: it takes microseconds, and a trip to another thread and back takes fifty; of the four there are, those that
 * wait for the disk would also keep the others waiting. What the disk has to be waited for goes to those threads.
 */
export type Descriptor = number;

/** Bytes up to which writing to the memory of the system takes less than asking another thread for it. */
const SMALL = 64 * 1024;

const writeElsewhere = promisify(write);

/** Until everything written is on disk; of a folder, its names. */
export const synced: (file: Descriptor) => Promise<void> = promisify(fsync);

export async function writeWhole(file: Descriptor, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const left = chunk.byteLength - done;
    if (left <= SMALL) done += writeSync(file, chunk, done, left);
    else done += (await writeElsewhere(file, chunk, done, left)).bytesWritten;
  }
}
