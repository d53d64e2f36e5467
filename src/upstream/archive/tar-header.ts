// SPDX-License-Identifier: Apache-2.0

export const BLOCK = 512;

/** What stands before each file of an archive. */
export interface TarHeader {
  /** Of ASCII; more than 100 bytes need a record of their own before it, which `tarHeaders` writes. */
  readonly path: string;
  readonly size: number;
  /** One character: `0` is a file, `5` a folder. */
  readonly type: string;
  /** Permission bits. */
  readonly mode?: number;
}

export type ReadHeader =
  | ({ readonly kind: 'entry' } & Pick<TarHeader, 'path' | 'size' | 'type'>)
  /** A block of zeros: nothing follows. */
  | { readonly kind: 'end' }
  | { readonly kind: 'invalid'; readonly problem: string };

const LONGEST_PATH = 100;
/** Eleven octal digits. */
const LARGEST = 8 ** 11 - 1;

/**
 * The header of a POSIX ustar archive, all of the epoch and of root: equal files make equal bytes. What does not fit
 * stands in a pax record before it.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 */
export function tarHeaders(header: TarHeader): Buffer {
  const { path, size } = header;
  if (path.length <= LONGEST_PATH && size <= LARGEST) return block(header);
  const records = Buffer.from(`${record('path', path)}${record('size', String(size))}`);
  const before = { path: 'PaxHeaders', size: records.byteLength, type: 'x' };
  const short = { ...header, path: path.slice(-LONGEST_PATH), size: size > LARGEST ? 0 : size };
  return Buffer.concat([block(before), records, paddingOf(records.byteLength), block(short)]);
}

/** Fills the last block of a file. */
export function paddingOf(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** The length counts itself. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = rest.length + String(rest.length + 2).length;
  return `${length}${rest}`;
}

function block({ path, size, type, mode = 0o644 }: TarHeader): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  bytes.write(path, 0, LONGEST_PATH, 'latin1');
  bytes.write(octal(mode, 8), 100, 'latin1');
  bytes.write(octal(0, 8), 108, 'latin1'); // user
  bytes.write(octal(0, 8), 116, 'latin1'); // group
  bytes.write(octal(size, 12), 124, 'latin1');
  bytes.write(octal(0, 12), 136, 'latin1'); // time
  bytes.write(type, 156, 'latin1');
  bytes.write('ustar\0' + '00', 257, 'latin1');
  bytes.write(`${octal(checksumOf(bytes), 7)} `, 148, 'latin1');
  return bytes;
}

/** Digits that fill a field of `width` bytes but for its NUL. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** It counts itself as spaces. */
function checksumOf(bytes: Buffer): number {
  const own = bytes.subarray(148, 156).reduce((sum, byte) => sum + byte, 0);
  return bytes.reduce((sum, byte) => sum + byte, 0) - own + 8 * 0x20;
}

/** Reads the block before a file, as POSIX and GNU write it. */
export function parseTarHeader(bytes: Buffer): ReadHeader {
  if (bytes.every((byte) => byte === 0)) return { kind: 'end' };
  if (numberAt(bytes, 148, 8) !== checksumOf(bytes)) return invalid('a header is damaged');
  const size = numberAt(bytes, 124, 12);
  if (size === undefined) return invalid('a header has no valid size');
  const isPosix = bytes.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? textAt(bytes, 345, 155) : '';
  const name = textAt(bytes, 0, LONGEST_PATH);
  const type = textAt(bytes, 156, 1) || '0';
  return { kind: 'entry', path: prefix === '' ? name : `${prefix}/${name}`, size, type };
}

function invalid(problem: string): ReadHeader {
  return { kind: 'invalid', problem };
}

function textAt(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

/** Octal digits, or what GNU writes for a number that does not fit: the bytes of it, after a set bit. */
function numberAt(bytes: Buffer, start: number, length: number): number | undefined {
  if (bytes[start] === 0x80) {
    const value = BigInt(`0x${bytes.toString('hex', start + 1, start + length)}`);
    return value > Number.MAX_SAFE_INTEGER ? undefined : Number(value);
  }
  const text = textAt(bytes, start, length).trim();
  return /^[0-7]{1,12}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

export interface PaxRecords {
  readonly path: string | undefined;
  readonly size: number | undefined;
}

/** What a pax record says of the file behind it, or what is wrong with it. Times and owners are nothing to us. */
export function parsePaxRecords(bytes: Buffer): PaxRecords | string {
  let [path, size]: [string | undefined, number | undefined] = [undefined, undefined];
  for (let place = 0; place < bytes.byteLength; ) {
    const [, digits = ''] = /^(\d{1,6}) /.exec(bytes.toString('latin1', place, place + 7)) ?? [];
    const end = place + Number(digits);
    const text = bytes.toString('utf8', place + digits.length + 1, end - 1);
    const equals = text.indexOf('=');
    const isWhole = digits !== '' && end <= bytes.byteLength && bytes[end - 1] === 0x0a;
    if (!isWhole || equals < 1) return 'a pax record is malformed';
    const [key, value] = [text.slice(0, equals), text.slice(equals + 1)];
    if (key.startsWith('GNU.sparse.')) return 'it has a sparse file';
    if (key === 'path') path = value;
    if (key === 'size') {
      if (!/^\d{1,15}$/.test(value)) return 'a pax record has no valid size';
      size = Number(value);
    }
    place = end;
  }
  return { path, size };
}
