// SPDX-License-Identifier: Apache-2.0
import { UpstreamError } from '../upstream-error.ts';
import { BLOCK, parsePaxRecords, parseTarHeader } from './tar-header.ts';

/** Where the bytes of a file lie in an archive. */
export interface ArchiveEntry {
  readonly offset: number;
  readonly size: number;
}

export interface ArchiveBytes {
  /** The name of the archive, for messages. */
  readonly shown: string;
  readonly size: number;
  /** Exactly so many bytes; fails when there are fewer. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
}

const MOST_ENTRIES = 200_000;
/** Of what says something about the next file. */
const MOST_HEADER_BYTES = 65_536;
/** Some programs fill the last of twenty blocks, or of more. */
const MOST_PADDING = 1_048_576;

/**
 * Finds every file of an archive, and refuses one with anything that is neither a plain file nor a folder, with a path
 * that leads out of it, with two files of one path, and one that was cut off. Nothing is ever unpacked, so a path
 * is no more than a name; but what unpacks it later, or reads the other one of two, would see something else.
 */
export async function indexArchive(
  archive: ArchiveBytes,
): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const entries = new Map<string, ArchiveEntry>();
  let said: SaidBefore = {};
  for (let place = 0, count = 0; ; count += 1) {
    if (count > MOST_ENTRIES) throw refusal(archive, `it has more than ${MOST_ENTRIES} entries`);
    const header = await headerAt(archive, place);
    if (header === 'end') {
      await requireZeros(archive, place + BLOCK);
      return entries;
    }
    const offset = place + BLOCK;
    const size = isAboutNext(header.type) ? header.size : (said.size ?? header.size);
    place = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (offset + size > archive.size) throw refusal(archive, 'it is cut off');
    if (isAboutNext(header.type)) {
      said = { ...said, ...(await readAbout(archive, { ...header, offset })) };
      continue;
    }
    add(entries, archive, { path: said.path ?? header.path, type: header.type, offset, size });
    said = {};
  }
}

interface SaidBefore {
  readonly path?: string;
  readonly size?: number;
}

async function headerAt(archive: ArchiveBytes, place: number) {
  if (place + BLOCK > archive.size) throw refusal(archive, 'it is cut off, or no tar archive');
  const bytes = await archive.read(place, BLOCK);
  if (place === 0 && bytes.readUInt16BE() === 0x1f8b) {
    throw refusal(archive, 'it is compressed: unpack it with gunzip first');
  }
  const header = parseTarHeader(bytes);
  if (header.kind === 'invalid') throw refusal(archive, header.problem);
  return header.kind === 'end' ? 'end' : header;
}

/** Records of pax, for the next file or for all, and long names as GNU writes them. */
function isAboutNext(type: string): boolean {
  return ['x', 'g', 'L'].includes(type);
}

interface Found extends ArchiveEntry {
  readonly path: string;
  readonly type: string;
}

async function readAbout(archive: ArchiveBytes, entry: Found): Promise<SaidBefore> {
  const { type, offset, size: length } = entry;
  if (length > MOST_HEADER_BYTES) throw refusal(archive, 'a header is too large');
  const bytes = await archive.read(offset, length);
  if (type === 'L') return { path: bytes.toString('utf8').replace(/\0+$/, '') };
  const records = parsePaxRecords(bytes);
  if (typeof records === 'string') throw refusal(archive, records);
  const { path, size } = records;
  if (type === 'g') {
    if (path === undefined && size === undefined) return {};
    throw refusal(archive, 'it gives all its files one path or size');
  }
  return { ...(path !== undefined && { path }), ...(size !== undefined && { size }) };
}

/** No part of a path is empty, `.` or `..`; the path of a folder may end in a slash. */
const PLAIN_PATH = /^(?!\.{1,2}(?:\/|$))[^/\\\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\\\0]+)*$/;

function add(entries: Map<string, ArchiveEntry>, archive: ArchiveBytes, found: Found): void {
  const { type, offset, size } = found;
  const path = found.path.replace(/^\.\//, '').replace(/\/$/, '');
  const isFolder = type === '5';
  if (isFolder && (path === '' || path === '.')) return;
  if (!PLAIN_PATH.test(path)) {
    throw refusal(archive, `it has a path that leads elsewhere: ${JSON.stringify(found.path)}`);
  }
  if (isFolder) return;
  if (type !== '0' && type !== '7') {
    throw refusal(archive, `"${path}" is no plain file in it`);
  }
  if (entries.has(path)) throw refusal(archive, `it has "${path}" twice`);
  entries.set(path, { offset, size });
}

async function requireZeros(archive: ArchiveBytes, place: number): Promise<void> {
  const length = archive.size - place;
  const isShort = length <= MOST_PADDING;
  const rest = isShort ? await archive.read(place, Math.max(length, 0)) : undefined;
  if (rest?.every((byte) => byte === 0)) return;
  throw refusal(archive, 'something stands behind its end');
}

function refusal({ shown }: ArchiveBytes, problem: string): UpstreamError {
  return new UpstreamError('bad-answer', `"${shown}" is no archive that can be used: ${problem}`);
}
