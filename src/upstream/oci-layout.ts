// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import { algorithmOf, type Digest, hexOf } from '../core/oci/digest.ts';
import { parseDocument } from '../core/oci/manifest-document.ts';
import { isTag } from '../core/oci/reference.ts';
import type { ImageSource, ManifestBytes } from './image-source.ts';
import { type LayoutFiles, layoutFiles } from './layout-files.ts';
import { REF_NAME } from './layout-index.ts';
import { layoutReferrers } from './layout-referrers.ts';
import {
  checkManifest,
  parseBytes,
  requireDescriptors,
  requireDigest,
  requireReference,
} from './manifest-check.ts';
import { UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

/**
 * An image layout directory. Its index is read once: a tag names what it named when the source was opened.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export async function ociLayoutSource(directory: string): Promise<ImageSource> {
  const layout = layoutOf(directory);
  return layoutSource(layout, await readEntries(layout));
}

/** A layout, wherever its files are: in a folder, in an archive. */
export interface Layout {
  /** As a person wrote it, for messages. */
  readonly name: string;
  readonly files: LayoutFiles;
}

export function layoutOf(directory: string): Layout {
  return { name: `oci:${directory}`, files: layoutFiles(directory) };
}

/** @param entries what its index lists */
export function layoutSource({ name, files }: Layout, entries: readonly Descriptor[]): ImageSource {
  async function readManifest(
    digest: Digest,
    mediaType?: string,
  ): Promise<ManifestBytes | undefined> {
    const bytes = await files.read(blobPath(digest));
    if (bytes === undefined) return undefined;
    const shown = `"${digest}" of "${name}"`;
    const manifest = { bytes, mediaType: mediaType ?? mediaTypeOf(bytes), shown };
    return checkManifest({ kind: 'digest', digest }, manifest);
  }

  const findReferrers = layoutReferrers(entries, readManifest);
  return {
    name,
    async fetchManifest(text) {
      const reference = requireReference(text);
      if (reference.kind === 'digest') {
        const known = entries.find(({ digest }) => digest === reference.digest);
        return readManifest(reference.digest, known?.mediaType);
      }
      const entry = entryOfTag(entries, reference.tag, name);
      if (entry === undefined) return undefined;
      const found = await readManifest(entry.digest, entry.mediaType);
      if (found === undefined) throw withoutBlob(name, reference.tag, entry.digest);
      return found;
    },
    fetchBlob: async (digest, signal) => files.stream(blobPath(requireDigest(digest)), signal),
    listReferrers: async (subject) => findReferrers(requireDigest(subject)),
    close: async () => undefined,
  };
}

/** What the index of a layout leads to: tags, and the digests of what has none. */
export async function layoutReferences(directory: string): Promise<readonly string[]> {
  const entries = await readEntries(layoutOf(directory));
  const references = entries.map(({ digest, annotations }) => {
    const name = annotations?.[REF_NAME];
    return name !== undefined && isTag(name) ? name : digest;
  });
  return [...new Set(references)];
}

/** What the index of a layout lists. */
export async function readEntries({ name, files }: Layout): Promise<readonly Descriptor[]> {
  await requireLayout(files, name.replace(/^oci:/, ''));
  const index = await files.read('index.json');
  if (index === undefined) throw new UpstreamError('bad-answer', `"${name}" has no index.json`);
  return requireDescriptors(index, name);
}

/** @throws UpstreamError for a folder that is no layout, or one of a version to come */
export async function requireLayout(files: LayoutFiles, directory: string): Promise<void> {
  const bytes = await files.read('oci-layout');
  const document = parseDocument(decodeUtf8(bytes ?? new Uint8Array()) ?? '');
  const version = typeof document === 'string' ? undefined : document['imageLayoutVersion'];
  if (typeof version === 'string' && /^1\.\d{1,9}\.\d{1,9}$/.test(version)) return;
  const message = `"${directory}" is no image layout of version 1: its file oci-layout is missing or says otherwise`;
  throw new UpstreamError('bad-answer', message);
}

/** The one place where a digest becomes a path. */
export function blobPath(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

function withoutBlob(name: string, tag: string, digest: Digest): UpstreamError {
  const message = `"${name}" lists "${tag}" as "${digest}", and lacks its file ${blobPath(digest)}`;
  return new UpstreamError('bad-answer', message);
}

/** The entry that carries a tag. Two that disagree are nobody's wish. */
function entryOfTag(
  entries: readonly Descriptor[],
  tag: string,
  name: string,
): Descriptor | undefined {
  const tagged = entries.filter(({ annotations }) => annotations?.[REF_NAME] === tag);
  if (tagged.every(({ digest }) => digest === tagged[0]?.digest)) return tagged[0];
  throw new UpstreamError('bad-answer', `"${name}" has more than one image tagged "${tag}"`);
}

/** A child of an index is named by digest only, so its document has to say what it is. */
function mediaTypeOf(bytes: Uint8Array): string | undefined {
  const parsed = parseBytes(bytes);
  return parsed.ok ? parsed.manifest.mediaType : undefined;
}
