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

const PLACEHOLDER = /\{(digest|algorithm|hex)\}/g;
// What RFC 3986 section 3.3 lets stand in a path as it is; no empty, `.` or `..` segment.
const PLAIN = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;
const DOTS = /(?:^|\/)\.{0,2}(?=\/|$)/;

/** Undefined when the template names no content (`{digest}` or `{hex}`) or would not make a plain path. */
export function parseBlobPath(template: string): BlobPath | undefined {
  const found = placeholders(template);
  const text = template.replaceAll(PLACEHOLDER, 'x');
  const namesContent = found.some(({ part }) => part !== 'algorithm');
  if (!namesContent || !PLAIN.test(text) || DOTS.test(text)) return undefined;
  return {
    before: template.slice(0, template.indexOf('{')),
    parts: found.map(({ part, end }, place) => ({
      part,
      behind: template.slice(end, found[place + 1]?.start),
    })),
  };
}

interface Placeholder {
  readonly part: Part;
  readonly start: number;
  readonly end: number;
}

function placeholders(template: string): Placeholder[] {
  const found: Placeholder[] = [];
  template.replace(PLACEHOLDER, (text: string, part: Part, start: number) => {
    found.push({ part, start, end: start + text.length });
    return text;
  });
  return found;
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
