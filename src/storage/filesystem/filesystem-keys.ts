// SPDX-License-Identifier: Apache-2.0
import { sep } from 'node:path';

/**
 * How keys become paths, reversibly, on file systems that ignore case or refuse characters, too.
 *
 * - Lower-case letters, digits, `-`, `_` and a `.` that is not the first character stand for themselves, any
 *   other byte of UTF-8 becomes `%xx`. So no name is `.` or `..`, and names that start with a dot are left for
 *   locks, temporary files and uploads.
 * - A segment that is followed by a slash becomes a folder whose name ends in `+`: a key may be an object and
 *   the beginning of other keys at once.
 * - A name that would be too long is spread over folders whose names end in `%`.
 */
export interface KeyPath {
  /** Below the root. */
  readonly folder: string;
  readonly file: string;
}

const PLAIN = /^[a-z0-9_-][a-z0-9._-]*$/;
const ESCAPED = /^(?:[a-z0-9._-]|%[0-9a-f]{2})+$/;

/** Below the 255 bytes that file systems allow: a lock's name is longer than that of its object. */
const LONGEST_NAME = 240;

export function pathOfKey(key: string): KeyPath {
  const slash = key.lastIndexOf('/');
  const last = key.slice(slash + 1);
  const { folder, file } = isPlain(last) ? { folder: '', file: last } : spread(encode(last));
  return { folder: joined(folderOfPrefix(key.slice(0, slash + 1)), folder), file };
}

/** The folder that holds everything below a prefix which is empty or ends in a slash. */
export function folderOfPrefix(prefix: string): string {
  const segments = prefix.split('/').slice(0, -1);
  return segments.map(folderOfSegment).join(sep);
}

function folderOfSegment(segment: string): string {
  if (isPlain(segment)) return `${segment}+`;
  const { folder, file } = spread(encode(segment));
  return joined(folder, `${file}+`);
}

/** What `join` of node:path would give, which first looks for what no name of ours has: this is on the path of every request. */
function joined(folder: string, name: string): string {
  return folder === '' || name === '' ? folder + name : folder + sep + name;
}

/** Whether it is written as it is. */
export function isPlain(segment: string): boolean {
  return segment.length <= LONGEST_NAME && PLAIN.test(segment);
}

/** One entry per character: an escape is never torn apart. */
function encode(segment: string): readonly string[] {
  return Array.from(segment, (character) =>
    /[a-z0-9._-]/.test(character) ? character : escapeBytes(character),
  );
}

function escapeBytes(character: string): string {
  return Buffer.from(character).toString('hex').replaceAll(/../g, '%$&');
}

function spread(characters: readonly string[]): KeyPath {
  let folder = '';
  let file = '';
  for (const character of characters) {
    if (file.length + character.length > LONGEST_NAME) {
      folder = joined(folder, `${file}%`);
      file = '';
    }
    file += file === '' && character === '.' ? escapeBytes(character) : character;
  }
  return { folder, file };
}

/** What the name of a file or folder stands for: an object, a segment with its slash, or the start of a segment. */
export interface DecodedName {
  readonly kind: 'object' | 'folder' | 'part';
  readonly text: string;
}

/** Undefined for a name that no key has: somebody else's file, or one of the driver's own. */
export function decodeName(name: string, isFolder: boolean): DecodedName | undefined {
  if (!isFolder) return decode('object', name);
  if (name.endsWith('+')) return decode('folder', name.slice(0, -1));
  return name.endsWith('%') ? decode('part', name.slice(0, -1)) : undefined;
}

function decode(kind: DecodedName['kind'], name: string): DecodedName | undefined {
  if (isPlain(name)) return { kind, text: name };
  if (!ESCAPED.test(name)) return undefined;
  const bytes = name.replaceAll(/%(..)/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const text = Buffer.from(bytes, 'latin1').toString();
  // One name per key: `%61` is not how we write `a`.
  return spread(encode(text)).file === name ? { kind, text } : undefined;
}
