// SPDX-License-Identifier: Apache-2.0

/** Where a chunk belongs in its blob; both ends are inclusive. */
export interface ChunkRange {
  readonly first: number;
  readonly last: number;
}

const CHUNK_RANGE = /^(\d{1,16})-(\d{1,16})$/;

/**
 * Reads the Content-Range of a chunk, which is `<first>-<last>` and not what RFC 9110 says.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks
 */
export function parseChunkRange(text: string): ChunkRange | undefined {
  const match = CHUNK_RANGE.exec(text);
  if (match === null) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2])];
  return first <= last && Number.isSafeInteger(last) ? { first, last } : undefined;
}
