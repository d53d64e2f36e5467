// SPDX-License-Identifier: Apache-2.0

/** One object of a store: its key, and its size in bytes. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
}

export type ListingResult =
  | { readonly ok: true; readonly objects: readonly ListedObject[] }
  | { readonly ok: false; readonly problem: string };

// Date and time stand before the size when `aws s3 ls --recursive` prints it.
const LINE = /^(?:\d{4}-\d\d-\d\d +\d\d:\d\d:\d\d)? *(\d{1,15}) (.+)$/;
const SUMMARY = /^ *(?:Total Objects|Total Size):/;

/**
 * Reads a store's listing: lines `SIZE KEY`, those of `aws s3 ls --recursive`, or the JSON of
 * `aws s3api list-objects-v2`. One line that is none of these refuses all of it: what is not listed counts as absent.
 */
export function parseListing(text: string): ListingResult {
  return /^\s*[[{]/.test(text) ? parseJson(text) : parseLines(text);
}

function parseLines(text: string): ListingResult {
  const objects: ListedObject[] = [];
  for (const [place, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || SUMMARY.test(line)) continue;
    const [, size, key] = LINE.exec(line) ?? [];
    if (size === undefined || key === undefined) {
      return problem(`line ${place + 1} is no "SIZE KEY"; was it made without --recursive?`);
    }
    objects.push({ key, size: Number(size) });
  }
  return { ok: true, objects };
}

function parseJson(text: string): ListingResult {
  const value = parsed(text);
  if (value === undefined) return problem('it is not readable as JSON');
  if (value['IsTruncated'] === true || 'NextToken' in value) {
    return problem('it is one page of several: list everything');
  }
  // The command prints an object without "Contents" for an empty bucket.
  const contents: unknown = value['Contents'] ?? [];
  if (!Array.isArray(contents)) return problem('its "Contents" is no list');
  const objects = contents.flatMap(objectOf);
  return objects.length === contents.length
    ? { ok: true, objects }
    : problem('an entry of "Contents" has no "Key" and "Size"');
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // It begins like an object or an array, so every field of it may be looked at.
    return Array.isArray(value) ? { Contents: value } : (value as Record<string, unknown>);
  } catch {
    return undefined; // the only thing that throws here is that it is no JSON
  }
}

function objectOf(value: unknown): ListedObject[] {
  if (typeof value !== 'object' || value === null) return [];
  const { Key: key, Size: size } = { Key: undefined, Size: undefined, ...value };
  if (typeof key !== 'string' || typeof size !== 'number') return [];
  return Number.isSafeInteger(size) && size >= 0 ? [{ key, size }] : [];
}

function problem(text: string): ListingResult {
  return { ok: false, problem: text };
}
