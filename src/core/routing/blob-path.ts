// SPDX-License-Identifier: Apache-2.0
import { algorithmOf, type Digest, hexOf } from '../oci/digest.ts';

type Part = 'digest' | 'algorithm' | 'hex';

/** Where a backend keeps a blob below its URL: `containers/images/{digest}`, `blobs/{algorithm}/{hex}`. */
export interface BlobPath {
  /** What comes before the first placeholder. */
  readonly before: string;
  /** Each placeholder, with the text behind it. */
  readonly parts: ReadonlyArray<{ readonly part: Part; readonly behind: string }>;
}

const PLACEHOLDER = /\{(digest|algorithm|hex)\}/;
// What RFC 3986 section 3.3 lets stand in a path as it is; no empty, `.` or `..` segment.
const PLAIN = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;
const DOTS = /(?:^|\/)\.{0,2}(?=\/|$)/;

/** Undefined when the template names no content (`{digest}` or `{hex}`) or would not make a plain path. */
export function parseBlobPath(template: string): BlobPath | undefined {
  const [before = '', ...rest] = template.split(PLACEHOLDER);
  const parts: Array<{ part: Part; behind: string }> = [];
  for (let index = 0; index < rest.length; index += 2) {
    // `split` with a group gives the placeholder's name and the text behind it in turn.
    parts.push({ part: rest[index] as Part, behind: rest[index + 1] ?? '' });
  }
  const text = template.replaceAll(new RegExp(PLACEHOLDER, 'g'), 'x');
  const namesContent = parts.some(({ part }) => part !== 'algorithm');
  return namesContent && PLAIN.test(text) && !DOTS.test(text) ? { before, parts } : undefined;
}

export function formatBlobPath({ before, parts }: BlobPath): string {
  return before + parts.map(({ part, behind }) => `{${part}}${behind}`).join('');
}

export function blobPathOf(template: BlobPath, digest: Digest): string {
  let path = template.before;
  for (const { part, behind } of template.parts) path += written(part, digest) + behind;
  return path;
}

function written(part: Part, digest: Digest): string {
  switch (part) {
    case 'digest':
      return digest;
    case 'algorithm':
      return algorithmOf(digest);
    case 'hex':
      return hexOf(digest);
  }
}
