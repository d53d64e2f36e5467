// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';

/** A manifest as its source stores it: the bytes are never re-serialised. */
export interface ManifestBytes {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Where one repository's content comes from: an OCI layout directory, a repository of a registry. */
export interface ImageSource {
  /** As a person wrote it, for messages. */
  readonly name: string;
  /** Of a tag or a digest. Bytes are hashed; asked for by digest, they are compared before they are returned. */
  fetchManifest(reference: string, signal?: AbortSignal): Promise<ManifestBytes | undefined>;
  /** Not verified: whoever stores the bytes compares them with the digest. */
  fetchBlob(digest: Digest, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Descriptors of the manifests whose subject this is; empty when the source cannot tell. */
  listReferrers(subject: Digest, signal?: AbortSignal): Promise<readonly Descriptor[]>;
  close(): Promise<void>;
}

/** A source that says which tags there are, too: some of what is about an image has nothing else. */
export interface TaggedSource extends Omit<ImageSource, 'close'> {
  listTags(signal?: AbortSignal): Promise<readonly string[]>;
}
