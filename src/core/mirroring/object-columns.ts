// SPDX-License-Identifier: Apache-2.0
import { at } from '../bytes.ts';
import { algorithmOf, type Digest, hexOf } from '../oci/digest.ts';
import type { WantedObject } from './wanted-object.ts';

/** Objects in some fifty bytes each, one behind the other: as values of their own a million take half a gigabyte. */
export interface ObjectColumns {
  add(object: WantedObject): void;
  length(): number;
  isBlob(place: number): boolean;
  at(place: number): WantedObject;
}

/** Objects that share their memory: a column that is outgrown as a whole would take as much again. */
const PAGE = 4_096;
const WORDS = 8;
const KINDS = ['blob', 'manifest'] as const;

interface Page {
  /** Of a sha256, four bytes each. */
  readonly digests: Uint32Array;
  readonly sizes: Float64Array;
  readonly kinds: Uint8Array;
  readonly mediaTypes: Uint32Array;
  readonly repositories: Uint32Array;
}

export function objectColumns(): ObjectColumns {
  const pages: Page[] = [];
  const [mediaTypes, repositories] = [numbered(), numbered()];
  /** By place: what is longer than most. */
  const others = new Map<number, Digest>();
  /** By place: hardly any have some. */
  const urlsOf = new Map<number, readonly string[]>();
  let count = 0;
  // Whoever asks has made sure that there is such a place.
  const pageOf = (place: number) => pages[Math.floor(place / PAGE)] as Page;
  return {
    add({ kind, digest, size, mediaType, repository, urls }) {
      const place = count % PAGE;
      if (place === 0) pages.push(openPage());
      const page = pageOf(count);
      if (algorithmOf(digest) === 'sha256') writeHex(page.digests, place * WORDS, hexOf(digest));
      else others.set(count, digest);
      page.sizes[place] = size;
      page.kinds[place] = KINDS.indexOf(kind);
      page.mediaTypes[place] = mediaTypes.numberOf(mediaType);
      page.repositories[place] = repositories.numberOf(repository);
      if (urls !== undefined) urlsOf.set(count, urls);
      count += 1;
    },
    length: () => count,
    isBlob: (place) => at(pageOf(place).kinds, place % PAGE) === 0,
    at(wanted) {
      const page = pageOf(wanted);
      const place = wanted % PAGE;
      const urls = urlsOf.get(wanted);
      return {
        kind: at(page.kinds, place) === 0 ? 'blob' : 'manifest',
        digest: others.get(wanted) ?? digestAt(page.digests, place * WORDS),
        size: at(page.sizes, place),
        mediaType: mediaTypes.textOf(at(page.mediaTypes, place)),
        repository: repositories.textOf(at(page.repositories, place)),
        ...(urls !== undefined && { urls }),
      };
    },
  };
}

function openPage(): Page {
  return {
    digests: new Uint32Array(PAGE * WORDS),
    sizes: new Float64Array(PAGE),
    kinds: new Uint8Array(PAGE),
    mediaTypes: new Uint32Array(PAGE),
    repositories: new Uint32Array(PAGE),
  };
}

/** Texts that come again and again, each once. */
function numbered() {
  const numbers = new Map<string, number>();
  const texts: string[] = [];
  return {
    numberOf(text: string): number {
      const known = numbers.get(text) ?? texts.length;
      if (known === texts.length) {
        texts.push(text);
        numbers.set(text, known);
      }
      return known;
    },
    // Only what was given out is asked for.
    textOf: (number: number) => texts[number] as string,
  };
}

function writeHex(words: Uint32Array, first: number, hex: string): void {
  for (let word = 0; word < WORDS; word += 1) {
    words[first + word] = Number.parseInt(hex.slice(word * 8, word * 8 + 8), 16);
  }
}

function digestAt(words: Uint32Array, first: number): Digest {
  let hex = 'sha256:';
  for (let word = 0; word < WORDS; word += 1) {
    hex += at(words, first + word)
      .toString(16)
      .padStart(8, '0');
  }
  return hex as Digest; // it was one when it was taken apart
}
