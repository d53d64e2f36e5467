// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { Duration, HttpUrl, Name } from '../../config/values.ts';
import { writeDigestIndex } from '../../core/digest-index/digest-index-file.ts';
import type { IndexPointer } from '../../core/digest-index/index-pointer.ts';
import type { ListedObject } from '../../core/digest-index/listing.ts';
import type { BlobPath } from '../../core/routing/blob-path.ts';
import { parseKey, sealDigestIndex } from '../../upstream/digest-index-seal.ts';
import { type CommandInput, optionText, UsageError } from '../command.ts';
import { blobsAmong, listFolder, readBlobPath, readListing } from './index-folder.ts';
import {
  folderPlace,
  type IndexPlace,
  placeBelow,
  publishIndex,
  readPointer,
} from './index-publish.ts';

export interface IndexSettings {
  readonly backend: string;
  readonly url: string;
  /** Milliseconds. */
  readonly validFor: number;
  readonly blobPath: BlobPath;
  readonly list: () => Promise<readonly ListedObject[]>;
  readonly place: IndexPlace;
  readonly privateKey: KeyObject | undefined;
  /** Whether to name the index that is replaced. */
  readonly namesPrevious: boolean;
}

/** @throws UsageError */
export async function readSettings(input: CommandInput): Promise<IndexSettings> {
  const [folder] = input.args;
  const [listing, out] = [optionText(input, 'listing'), optionText(input, 'out')];
  if ((folder === undefined) === (listing === undefined)) {
    throw new UsageError('give a folder to walk, or --listing FILE');
  }
  if (folder === undefined && out === undefined) {
    throw new UsageError('say where to write it: --out DIR');
  }
  return {
    backend: required(input, 'backend', Name),
    url: required(input, 'url', HttpUrl),
    validFor: required(input, 'validFor', Duration),
    blobPath: readBlobPath(optionText(input, 'blobPath') ?? ''),
    list: () => (listing === undefined ? listFolder(folder ?? '.') : readListing(listing)),
    place: out === undefined ? await placeBelow(folder ?? '.') : folderPlace(out),
    privateKey: await readPrivateKey(optionText(input, 'sign')),
    namesPrevious: input.options['previous'] === true,
  };
}

/** The same words and the same grammar as in the configuration. */
export function required<Value>(
  input: CommandInput,
  name: string,
  schema: z.ZodType<Value>,
): Value {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const text = optionText(input, name);
  if (text === undefined) throw new UsageError(`${flag} is missing`);
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new UsageError(`${flag} "${text}": ${result.error.issues[0]?.message}`);
}

async function readPrivateKey(file: string | undefined): Promise<KeyObject | undefined> {
  if (file === undefined) return undefined;
  const key = parseKey('private', await readFile(file, 'utf8'));
  if (key === undefined) throw new UsageError(`"${file}" is no Ed25519 private key in PEM`);
  return key;
}

export interface MadeIndex extends IndexPointer {
  readonly folder: string;
  readonly blobs: number;
  /** Objects that are no blobs. */
  readonly others: number;
  readonly validUntil: number;
}

/** `now` is from before the first look: what comes while we look may be missing from the index. */
export async function makeIndex(settings: IndexSettings, now: number): Promise<MadeIndex> {
  const { backend, url, place } = settings;
  const { blobs, others } = blobsAmong(await settings.list(), settings.blobPath);
  const validUntil = now + settings.validFor;
  const replaced = settings.namesPrevious ? await readPointer(place) : undefined;
  const previous = replaced === undefined ? {} : { previous: replaced.file };
  const about = { backend, url, createdAt: now, validUntil, ...previous };
  const bytes = sealDigestIndex(writeDigestIndex(about, blobs), settings.privateKey);
  const pointer = await publishIndex(place, bytes);
  return { ...pointer, folder: place.name, blobs: blobs.length, others, validUntil };
}
