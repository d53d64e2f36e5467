// SPDX-License-Identifier: Apache-2.0
import { BLOCK, paddingOf, tarHeaders } from '../../upstream/archive/tar-header.ts';

export interface TarFile {
  /** At most 100 bytes of ASCII; a folder's ends in a slash. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

/**
 * Files as a POSIX ustar archive, all of the epoch and of root: equal files make equal bytes, and so one digest.
 */
export function tar(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap(({ path, mode, bytes }) => {
    const size = bytes.byteLength;
    const type = path.endsWith('/') ? '5' : '0';
    return [tarHeaders({ path, mode, size, type }), bytes, paddingOf(size)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}
