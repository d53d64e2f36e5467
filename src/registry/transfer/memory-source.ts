// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../core/oci/descriptor.ts';
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import type { ImageSource, ManifestBytes } from '../../upstream/image-source.ts';
import { digestOf } from '../store/verify-body.ts';

/** A manifest document to be written; what it refers to was added before. */
export interface ManifestDocument {
  readonly mediaType: string;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly [key: string]: unknown;
}

/** Images put together in memory. */
export interface MemorySource extends ImageSource {
  addBlob(mediaType: string, content: Uint8Array | string): Descriptor;
  addManifest(document: ManifestDocument): Descriptor;
  tag(tag: string, digest: Digest): void;
}

export function memorySource(name: string): MemorySource {
  const blobs = new Map<Digest, Uint8Array>();
  const manifests = new Map<Digest, ManifestBytes>();
  const tags = new Map<string, Digest>();
  const referrers = new Map<Digest, readonly Descriptor[]>();
  return {
    name,
    addBlob(mediaType, content) {
      const bytes = Buffer.from(content);
      const digest = digestOf(bytes);
      blobs.set(digest, bytes);
      return { mediaType, digest, size: bytes.byteLength };
    },
    addManifest(document) {
      const bytes = Buffer.from(JSON.stringify(document));
      const { mediaType, subject, artifactType } = document;
      const digest = digestOf(bytes);
      manifests.set(digest, { digest, mediaType, bytes });
      const descriptor = { mediaType, digest, size: bytes.byteLength };
      if (subject !== undefined) {
        const entry = { ...descriptor, ...(artifactType !== undefined && { artifactType }) };
        referrers.set(subject.digest, [...(referrers.get(subject.digest) ?? []), entry]);
      }
      return descriptor;
    },
    tag: (tag, digest) => void tags.set(tag, digest),
    async fetchManifest(reference) {
      const digest = parseDigest(reference) ?? tags.get(reference);
      return digest === undefined ? undefined : manifests.get(digest);
    },
    async fetchBlob(digest) {
      const bytes = blobs.get(digest);
      return bytes === undefined ? undefined : oneChunk(bytes);
    },
    listReferrers: async (subject) => referrers.get(subject) ?? [],
    close: async () => {},
  };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
