// SPDX-License-Identifier: Apache-2.0
import type { Manifest } from '../../core/oci/manifest.ts';
import { artifactTypeOf } from '../../core/oci/manifest-references.ts';
import type { ReceivedManifest } from '../store/manifest-store.ts';
import type { TagRecord } from '../store/records.ts';
import type { Happening } from './registry-event.ts';

/** That a repository has a manifest. */
export function manifestPushed({ bytes, digest }: ReceivedManifest, manifest: Manifest): Happening {
  const { mediaType, subject } = manifest;
  return {
    type: 'manifest.pushed',
    digest,
    mediaType,
    artifactType: artifactTypeOf(manifest),
    size: bytes.byteLength,
    subject: subject?.digest,
  };
}

/** That a tag points at it. */
export function tagSet(pushed: Happening, tag: string, before?: TagRecord): Happening {
  return { ...pushed, type: 'tag.set', tag, before: before?.digest, ends: before?.nonce };
}
