// SPDX-License-Identifier: Apache-2.0
import { parseDigest } from '../oci/digest.ts';

/** The small object at a backend's `index` URL: which file beside it is the index in force. */
export interface IndexPointer {
  /** A name beside the pointer, never a path. */
  readonly file: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Of the file's content, as the file itself carries it: `sha256:<hex>`. */
  readonly checksum: string;
}

/** What a pointer and a file may weigh at most, in bytes, whatever they say of themselves. */
export const MAX_POINTER_BYTES = 65_536;
export const MAX_INDEX_BYTES = 1_073_741_824;

// One path segment that cannot be `.` or `..`, and is the same in a URL and on a disk.
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Files are never changed, only replaced: whoever reads one while the next is published reads all of it. */
export function indexFileName(createdAt: number, checksumHex: string): string {
  return `index-${createdAt}-${checksumHex.slice(0, 8)}`;
}

export function formatIndexPointer({ file, size, checksum }: IndexPointer): string {
  return `${JSON.stringify({ version: 1, file, size, checksum })}\n`;
}

/** Undefined for whatever is no pointer of this version. Fields it does not know are left alone. */
export function parseIndexPointer(text: string): IndexPointer | undefined {
  const value = parseObject(text);
  if (value === undefined || value['version'] !== 1) return undefined;
  const { file, size, checksum } = value;
  if (typeof file !== 'string' || !FILE_NAME.test(file)) return undefined;
  if (typeof checksum !== 'string' || !checksum.startsWith('sha256:')) return undefined;
  if (parseDigest(checksum) === undefined) return undefined;
  if (typeof size !== 'number' || !Number.isInteger(size)) return undefined;
  return size >= 0 && size <= MAX_INDEX_BYTES ? { file, size, checksum } : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // Of an array or an object every field may be looked at.
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // the only thing that throws here is that it is no JSON
  }
}
