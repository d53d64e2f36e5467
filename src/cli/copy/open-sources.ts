// SPDX-License-Identifier: Apache-2.0
import { isTag } from '../../core/oci/reference.ts';
import { matchesTagPattern } from '../../core/oci/tag-pattern.ts';
import type { Archive } from '../../upstream/archive/read-archive.ts';
import type { TaggedSource } from '../../upstream/image-source.ts';
import { type LayoutImages, openLayoutImages } from '../../upstream/layout-images.ts';
import { layoutOf } from '../../upstream/oci-layout.ts';
import { registrySource } from '../../upstream/registry-source.ts';
import { fetchTags } from '../../upstream/tags-fetch.ts';
import { UsageError } from '../command.ts';
import type { FilePlace, ImagePlace, RegistryPlace } from './image-place.ts';
import type { Registries } from './registries.ts';

/** One image that is to be copied. */
export interface SourceImage {
  readonly source: TaggedSource;
  /** A tag or digest there. */
  readonly reference: string;
  /** What it was called where it came from, as far as that is known. */
  readonly host: string | undefined;
  readonly repository: string | undefined;
  readonly tag: string | undefined;
  /** Whether it is at the host now. */
  readonly isAtHost: boolean;
}

export interface OpenSources {
  readonly images: readonly SourceImage[];
  close(): Promise<void>;
}

export interface SourceChoice {
  readonly registries: Registries;
  /** Of places without a reference: tags that fit. */
  readonly tags: string | undefined;
  readonly signal: AbortSignal;
}

/** @throws UsageError for what names no image, or more than one without saying so */
export async function openSources(
  places: readonly ImagePlace[],
  choice: SourceChoice,
): Promise<OpenSources> {
  const archives: Archive[] = [];
  const close = async () => {
    await Promise.all(archives.map((archive) => archive.close()));
  };
  try {
    const images: SourceImage[] = [];
    for (const place of places) {
      if (place.kind === 'registry') images.push(...(await imagesOfRegistry(place, choice)));
      else images.push(...imagesOfFile(await openFile(place, archives), place, choice));
    }
    return { images, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function imagesOfRegistry(
  place: RegistryPlace,
  { registries, tags: pattern, signal }: SourceChoice,
): Promise<readonly SourceImage[]> {
  const { host, repository, reference, text } = place;
  if (place.prefix !== undefined) throw new UsageError(`"${text}" names no repository`);
  const { client } = await registries.at(host);
  let listed: Promise<readonly string[]> | undefined;
  const listTags = () => {
    listed ??= fetchTags(client, repository, signal).then((found) => found?.tags ?? []);
    return listed;
  };
  const { close: _, ...content } = registrySource(client, repository, { name: text });
  const source = { ...content, listTags };
  const isPattern = reference === undefined && pattern !== undefined;
  const wanted = isPattern
    ? (await listTags()).filter((tag) => matchesTagPattern(pattern, tag) && !ABOUT.test(tag))
    : [reference ?? 'latest'];
  if (wanted.length === 0) throw new UsageError(`"${text}" has no tag that fits "${pattern}"`);
  return wanted.map((one) => ({
    source,
    reference: one,
    host,
    repository,
    tag: isTag(one) ? one : undefined,
    isAtHost: true,
  }));
}

/** A tag of what is about something: it comes with that. */
const ABOUT = /^(?:sha256|sha512)-[a-f0-9]{64}/;

async function openFile(place: FilePlace, archives: Archive[]): Promise<LayoutImages> {
  if (place.kind === 'layout') return openLayoutImages(layoutOf(place.path));
  const { openArchive } = await import('../../upstream/archive/read-archive.ts');
  const archive = await openArchive(place.path);
  archives.push(archive);
  return openLayoutImages({ name: place.text, files: archive.files });
}

function imagesOfFile(
  layout: LayoutImages,
  { reference, text }: FilePlace,
  { tags: pattern }: SourceChoice,
): readonly SourceImage[] {
  const all = allImagesOf(layout);
  const own = all.filter(({ tag }) => tag === undefined || !ABOUT.test(tag));
  if (reference !== undefined) {
    const named = all.filter((image) =>
      [image.reference, image.tag, `${image.repository}:${image.tag}`].includes(reference),
    );
    if (named.length !== 1) throw unsure(text, named.length > 1 ? named : all);
    return named;
  }
  const wanted = own.filter(({ tag }) => matchesTagPattern(pattern ?? '*', tag ?? ''));
  if (wanted.length === 0 || (pattern === undefined && wanted.length > 1)) throw unsure(text, own);
  return wanted;
}

/** Everything that has a name in a layout. */
export function allImagesOf({ images, contentOf }: LayoutImages): readonly SourceImage[] {
  return images.map((image) => ({
    ...image,
    source: contentOf(image.repository),
    reference: image.digest,
    isAtHost: false,
  }));
}

function unsure(text: string, images: readonly SourceImage[]): UsageError {
  const names = images.map(({ repository, tag, reference }) =>
    [...(repository === undefined ? [] : [repository]), tag ?? reference].join(':'),
  );
  const shown = names.slice(0, 10).join(', ') || 'nothing';
  return new UsageError(
    `"${text}" does not say which image: there is ${shown}; --tags takes several`,
  );
}
