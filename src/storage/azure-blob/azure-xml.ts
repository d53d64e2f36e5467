// SPDX-License-Identifier: Apache-2.0
import type { StoreAnswer } from '../http/store-client.ts';
import type { StoreProblem } from '../http/store-problem.ts';

export interface ListedBlob {
  readonly name: string;
  /** Undefined of a name that was cut at the delimiter. */
  readonly properties:
    | { readonly size: number; readonly etag: string; readonly modified: string }
    | undefined;
}

export interface BlobPage {
  readonly blobs: readonly ListedBlob[];
  /** Where the next page begins, when there is one. */
  readonly next: string | undefined;
}

const ENTRY = /<(Blob|BlobPrefix)>(.*?)<\/\1>/gs;

/** A page of a list, which Azure writes in a plain form: no attributes but one, no comments, no CDATA. */
export function parseBlobPage(text: string): BlobPage {
  const blobs = [...text.matchAll(ENTRY)].map(([, element, inside = '']) => ({
    name: nameIn(inside),
    properties: element === 'BlobPrefix' ? undefined : propertiesIn(inside),
  }));
  const next = textIn(text, 'NextMarker');
  return { blobs, next: next === '' ? undefined : next };
}

function propertiesIn(inside: string): ListedBlob['properties'] {
  return {
    size: Number(textIn(inside, 'Content-Length')),
    etag: textIn(inside, 'Etag'),
    modified: textIn(inside, 'Last-Modified'),
  };
}

/** Percent signs instead of what XML cannot write. */
function nameIn(inside: string): string {
  const encoded = /<Name Encoded="true">(.*?)<\/Name>/s.exec(inside)?.[1];
  return encoded === undefined ? textIn(inside, 'Name') : decodeURIComponent(plain(encoded));
}

/** What is in the first element of a name; nothing when there is none. */
export function textIn(text: string, element: string): string {
  return plain(new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(text)?.[1] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

function plain(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, entity) => {
    if (entity !== undefined) return ENTITIES[entity] ?? all;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}

/** Only the first line of what it says: behind it stands what was signed. */
export function azureProblem(text: string, header: StoreAnswer['header']): StoreProblem {
  const name = header('x-ms-error-code') ?? textIn(text, 'Code');
  const [message = ''] = textIn(text, 'Message').split('\n');
  return {
    name: name === '' ? 'Error' : name,
    message: message === '' ? 'refused' : message,
  };
}
