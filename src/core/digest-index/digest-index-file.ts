// SPDX-License-Identifier: Apache-2.0
import { at } from '../bytes.ts';
import { algorithmOf, type Digest, type DigestAlgorithm, hexOf } from '../oci/digest.ts';
import { type DigestSet, digestSet, isSorted } from './digest-set.ts';

/**
 * What a digest index says of itself. Times are milliseconds since 1970.
 *
 * The file: the magic line, this as one line of JSON, the records of sha256 and then of sha512, the sha256
 * of everything so far (32 bytes) and, when it is signed, an Ed25519 signature of that checksum (64 bytes).
 * A record is the first 10 bytes of a digest and its blob's size in 5 bytes, big-endian; records ascend.
 */
export interface DigestIndexHeader {
  /** The name and the URL of the backend it speaks of: for any other it says nothing. */
  readonly backend: string;
  readonly url: string;
  readonly createdAt: number;
  /** Until then it is the whole truth about the backend; after that it says nothing. */
  readonly validUntil: number;
  readonly sha256: number;
  readonly sha512: number;
  /** The file that it replaces. */
  readonly previous?: string;
  /** Until when any index before this one may be believed, by who has not heard of this one. */
  readonly previousUntil?: number;
}

export interface HeldBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

export interface DigestIndexFile {
  readonly header: DigestIndexHeader;
  readonly sets: Readonly<Record<DigestAlgorithm, DigestSet>>;
  /** What the checksum is of. */
  readonly content: Uint8Array;
  readonly checksum: Uint8Array;
  readonly signature: Uint8Array | undefined;
}

export type DigestIndexResult =
  | { readonly ok: true; readonly file: DigestIndexFile }
  | { readonly ok: false; readonly problem: string };

const MAGIC = 'archeion digest index 1\n';
const MAX_HEADER = 4096;
const RECORD = 15;
const CHECKSUM = 32;
const SIGNATURE = 64;
/** Bytes of a digest in a record. */
const KEPT = 10;
/** What five bytes hold: a tebibyte, less one. */
const MAX_SIZE = 2 ** 40 - 1;

/** Everything but checksum and signature. Blobs come in any order; one that comes twice counts once. */
export function writeDigestIndex(
  about: Omit<DigestIndexHeader, 'sha256' | 'sha512'>,
  blobs: readonly HeldBlob[],
): Uint8Array {
  const records = blobs.map(({ digest, size }) => ({
    algorithm: algorithmOf(digest),
    hex: hexOf(digest).slice(0, 2 * KEPT),
    size,
  }));
  return writeIndexRecords(about, records);
}

/** The same of records, as another index has them. */
export function writeIndexRecords(
  about: Omit<DigestIndexHeader, 'sha256' | 'sha512'>,
  records: Iterable<IndexRecord>,
): Uint8Array {
  const sizes = { sha256: new Map<string, number>(), sha512: new Map<string, number>() };
  for (const { algorithm, hex, size } of records) sizes[algorithm].set(hex, size);
  const [sha256, sha512] = [sortedRecords(sizes.sha256), sortedRecords(sizes.sha512)];
  const header: DigestIndexHeader = { ...about, sha256: sha256.length, sha512: sha512.length };
  const head = asciiBytes(`${MAGIC}${asciiJson(header)}\n`);
  const bytes = new Uint8Array(head.length + RECORD * (sha256.length + sha512.length));
  bytes.set(head);
  let offset = head.length;
  for (const record of [...sha256, ...sha512]) {
    writeRecord(bytes, offset, record);
    offset += RECORD;
  }
  return bytes;
}

interface Record15 {
  readonly hex: string;
  readonly size: number;
}

function sortedRecords(sizes: ReadonlyMap<string, number>): Record15[] {
  const records = Array.from(sizes, ([hex, size]) => ({ hex, size }));
  return records.sort((a, b) => (a.hex < b.hex ? -1 : 1));
}

function writeRecord(bytes: Uint8Array, offset: number, { hex, size }: Record15): void {
  for (let place = 0; place < 10; place += 1) {
    bytes[offset + place] = Number.parseInt(hex.slice(place * 2, place * 2 + 2), 16);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const fits = Math.min(size, MAX_SIZE);
  view.setUint8(offset + 10, Math.floor(fits / 2 ** 32));
  view.setUint32(offset + 11, fits % 2 ** 32);
}

/** A record as it is in a file: enough of a digest to find it again, and the size in bytes. */
export interface IndexRecord {
  readonly algorithm: DigestAlgorithm;
  /** The first 20 hexadecimal digits. */
  readonly hex: string;
  readonly size: number;
}

/** All records in their order; sets, which are for searching, keep no sizes. */
export function* recordsIn({ header, content }: DigestIndexFile): Generator<IndexRecord> {
  const start = content.length - RECORD * (header.sha256 + header.sha512);
  for (let offset = start; offset < content.length; offset += RECORD) {
    const algorithm = offset < start + RECORD * header.sha256 ? 'sha256' : 'sha512';
    const view = new DataView(content.buffer, content.byteOffset + offset, RECORD);
    const hex = hexText(content.subarray(offset, offset + KEPT));
    yield { algorithm, hex, size: sizeAt(view, 0) };
  }
}

function sizeAt(view: DataView, record: number): number {
  return view.getUint8(record + KEPT) * 2 ** 32 + view.getUint32(record + KEPT + 1);
}

function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Takes a file apart and checks its form; whoever calls compares checksum and signature. */
export function readDigestIndex(bytes: Uint8Array, readsSizes = false): DigestIndexResult {
  const head = asciiText(bytes.subarray(0, MAGIC.length + MAX_HEADER));
  if (!head.startsWith(MAGIC)) return problem('it does not begin like a digest index');
  const end = head.indexOf('\n', MAGIC.length);
  const header = end === -1 ? undefined : parseHeader(head.slice(MAGIC.length, end));
  if (header === undefined) return problem('its header is not readable');
  const records = end + 1;
  const checksumAt = records + RECORD * (header.sha256 + header.sha512);
  const rest = bytes.length - checksumAt;
  if (rest !== CHECKSUM && rest !== CHECKSUM + SIGNATURE) {
    return problem(`it is ${bytes.length} bytes long, which is not what its header says`);
  }
  const sha256 = readSet(bytes, records, digestSet(header.sha256, readsSizes));
  const sha512 = readSet(
    bytes,
    records + RECORD * header.sha256,
    digestSet(header.sha512, readsSizes),
  );
  if (!isSorted(sha256) || !isSorted(sha512)) return problem('its records do not ascend');
  const file: DigestIndexFile = {
    header,
    sets: { sha256, sha512 },
    content: bytes.subarray(0, checksumAt),
    checksum: bytes.subarray(checksumAt, checksumAt + CHECKSUM),
    signature: rest === CHECKSUM ? undefined : bytes.subarray(checksumAt + CHECKSUM),
  };
  return { ok: true, file };
}

function problem(text: string): DigestIndexResult {
  return { ok: false, problem: text };
}

function readSet(bytes: Uint8Array, offset: number, set: DigestSet): DigestSet {
  // Out of the loop: looked up anew for each record, the columns double the time this takes.
  const { size, high, middle, low, sizes } = set;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size * RECORD);
  for (let place = 0, start = 0; place < size; place += 1, start += RECORD) {
    high[place] = view.getUint32(start);
    middle[place] = view.getUint32(start + 4);
    low[place] = view.getUint16(start + 8);
  }
  if (sizes === undefined) return set;
  for (let place = 0; place < size; place += 1) sizes[place] = sizeAt(view, place * RECORD);
  return set;
}

function parseHeader(text: string): DigestIndexHeader | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isHeader(value) ? value : undefined;
  } catch {
    return undefined; // the only thing that throws here is that it is no JSON
  }
}

function isHeader(value: unknown): value is DigestIndexHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { backend, url, createdAt, validUntil, sha256, sha512, previous, previousUntil } =
    value as Partial<Record<keyof DigestIndexHeader, unknown>>; // an object: every field of it may be looked at
  return (
    typeof backend === 'string' &&
    typeof url === 'string' &&
    [createdAt, validUntil, sha256, sha512].every(isCount) &&
    (previous === undefined || typeof previous === 'string') &&
    (previousUntil === undefined || isCount(previousUntil))
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Header lines are ASCII, so that a length in characters is one in bytes; names of hosts need not be. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function asciiText(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 1)
    text += String.fromCharCode(at(bytes, index));
  return text;
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
