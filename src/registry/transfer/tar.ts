// SPDX-License-Identifier: Apache-2.0

export interface TarFile {
  /** At most 100 bytes of ASCII; a folder's ends in a slash. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;

/**
 * Files as a POSIX ustar archive, all of the epoch and of root: equal files make equal bytes, and so one digest.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 */
export function tar(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap((file) => [
    header(file),
    file.bytes,
    padding(file.bytes.byteLength),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header({ path, mode, bytes }: TarFile): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0, 100, 'latin1');
  block.write(octal(mode, 8), 100, 'latin1');
  block.write(octal(0, 8), 108, 'latin1'); // user
  block.write(octal(0, 8), 116, 'latin1'); // group
  block.write(octal(bytes.byteLength, 12), 124, 'latin1');
  block.write(octal(0, 12), 136, 'latin1'); // time
  block.write(' '.repeat(8), 148, 'latin1'); // the checksum counts itself as spaces
  block.write(path.endsWith('/') ? '5' : '0', 156, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148, 'latin1');
  return block;
}

/** Digits that fill a field of `width` bytes but for its NUL. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
