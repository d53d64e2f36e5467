// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type IndexPointer,
  MAX_INDEX_BYTES,
  parseIndexPointer,
} from '../../core/digest-index/index-pointer.ts';
import { fetchBounded } from '../../upstream/digest-index-fetch.ts';

/** An index as it was found. */
export interface LocatedIndex {
  readonly bytes: Uint8Array;
  /** The pointer that led to it, when it was given as one. */
  readonly pointer: IndexPointer | undefined;
}

/**
 * Reads an index from a file or a URL; a pointer is followed.
 *
 * @throws UpstreamError, or the file system's own
 */
export async function locateIndex(location: string): Promise<LocatedIndex> {
  const isUrl = /^https?:\/\//.test(location);
  const read = isUrl ? (at: string) => fetchBounded(at, MAX_INDEX_BYTES) : readFile;
  const bytes = await read(location);
  const pointer = parseIndexPointer(new TextDecoder().decode(bytes.subarray(0, 1_024)));
  if (pointer === undefined) return { bytes, pointer };
  const file = isUrl ? new URL(pointer.file, location).href : join(dirname(location), pointer.file);
  return { bytes: await read(file), pointer };
}
