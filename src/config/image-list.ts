// SPDX-License-Identifier: Apache-2.0
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { type Digest, parseDigest } from '../core/oci/digest.ts';
import { isTag } from '../core/oci/reference.ts';
import { isRepository } from '../core/oci/repository.ts';

/** One image of a promotion manifest: its name there, and the digests that are to be had. */
export interface ListedImage {
  readonly name: string;
  readonly digests: readonly Digest[];
}

/** A registry of a promotion manifest: a host, perhaps with a path behind it. */
export interface ListedRegistry {
  readonly name: string;
  /** Whether images come from it, and are not brought to it. */
  readonly isSource: boolean;
}

export interface ImageList {
  readonly images: readonly ListedImage[];
  readonly registries: readonly ListedRegistry[];
  /** What cannot be read, with its line. The rest was. */
  readonly problems: readonly string[];
}

/**
 * Reads a file of images as the Kubernetes promoter has them: a list of names with their digests and tags, or a
 * whole promotion manifest that has the list below `images`. Every scalar is text, so that a tag `1.10` stays one.
 */
export function parseImageList(text: string): ImageList {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
    // A digest that is listed twice is one digest; and looking for them costs the square of a long map.
    uniqueKeys: false,
  });
  const noted: Array<{ readonly place: number; readonly problem: string }> = [];
  const note = (place: number, problem: string) => void noted.push({ place, problem });
  for (const { pos, message } of document.errors) note(pos[0], message);
  const reader = { note, images: [], registries: [] };
  if (document.errors.length === 0) readDocument(reader, document.contents);
  const problems = noted
    .toSorted((one, other) => one.place - other.place)
    .map(({ place, problem }) => `line ${lines.linePos(place).line}: ${problem}`);
  return { images: reader.images, registries: reader.registries, problems };
}

interface Reader {
  readonly note: (place: number, problem: string) => void;
  readonly images: ListedImage[];
  readonly registries: ListedRegistry[];
}

const KEYS = ['registries', 'images', 'imagesPath'];

function readDocument(reader: Reader, root: Node | null): void {
  if (!isMap(root)) {
    for (const image of entriesOf(reader, root)) readImage(reader, image);
    return;
  }
  for (const pair of root.items) {
    const key = textOf(pair.key) ?? '';
    if (!KEYS.includes(key)) reader.note(placeOf(pair.key), `"${key}" is no key of a manifest`);
    if (key === 'registries') {
      for (const entry of entriesOf(reader, pair.value)) readRegistry(reader, entry);
    }
    if (key === 'images') {
      for (const entry of entriesOf(reader, pair.value)) readImage(reader, entry);
    }
  }
}

/** The maps of a list; a file without anything is a list without entries. */
function entriesOf(reader: Reader, value: unknown): readonly YAMLMap[] {
  if (isNothing(value)) return [];
  if (!isSeq(value)) {
    reader.note(placeOf(value), 'expected a list');
    return [];
  }
  return value.items.filter((entry): entry is YAMLMap => {
    if (!isMap(entry)) reader.note(placeOf(entry), 'expected a name and what belongs to it');
    return isMap(entry);
  });
}

function readRegistry(reader: Reader, entry: YAMLMap): void {
  const name = textOf(entry.get('name', true));
  if (name === undefined || name === '') reader.note(placeOf(entry), 'the registry has no name');
  else reader.registries.push({ name, isSource: textOf(entry.get('src', true)) === 'true' });
}

function readImage(reader: Reader, entry: YAMLMap): void {
  const name = textOf(entry.get('name', true)) ?? '';
  const listed = entry.get('dmap', true);
  if (!isRepository(name)) {
    reader.note(placeOf(entry), `"${name}" is no name of an image`);
  } else if (isMap(listed)) {
    reader.images.push({ name, digests: listed.items.flatMap((pair) => readDigest(reader, pair)) });
  } else if (listed === undefined || !isNothing(listed)) {
    reader.note(placeOf(entry), `"${name}" has no dmap: it maps digests to lists of tags`);
  }
}

function readDigest(reader: Reader, { key, value }: Pair): readonly Digest[] {
  const text = textOf(key) ?? '';
  const digest = parseDigest(text);
  if (digest === undefined) {
    reader.note(placeOf(key), `"${text}" is no digest`);
    return [];
  }
  // What its tags are plays no part; that one is none is better said than passed over.
  for (const tag of isSeq(value) ? value.items : isNothing(value) ? [] : [value]) {
    const shown = textOf(tag) ?? '';
    if (!isTag(shown)) reader.note(placeOf(tag), `"${shown}" is no tag`);
  }
  return [digest];
}

function isNothing(value: unknown): boolean {
  return value === null || textOf(value) === '';
}

function textOf(value: unknown): string | undefined {
  return isScalar(value) && typeof value.value === 'string' ? value.value : undefined;
}

function placeOf(value: unknown): number {
  return (isNode(value) ? value.range?.[0] : undefined) ?? 0;
}
