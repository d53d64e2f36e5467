// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { ManifestBytes } from './image-source.ts';

/** Bytes that are checked as they are read; each call reads them from the beginning. */
export type OpenBlob = () => Promise<AsyncIterable<Uint8Array>>;

/** Where the content of one repository goes: a repository of a registry, an OCI layout, an archive of one. */
export interface ImageTarget {
  /** As a person wrote it, for messages. */
  readonly name: string;
  hasBlob(digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** `mounted` when the target had the bytes itself, and `open` was not called. */
  putBlob(blob: Descriptor, open: OpenBlob, signal: AbortSignal): Promise<'copied' | 'mounted'>;
  hasManifest(digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** Everything that it lists is there. */
  putManifest(manifest: ManifestBytes, signal: AbortSignal): Promise<void>;
  /**
   * Has the manifest found by a tag, or by its digest alone; without a reference it is about another one, which
   * leads to it.
   */
  nameManifest(
    manifest: ManifestBytes,
    reference: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
}
