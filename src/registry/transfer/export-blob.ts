// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { isForeignLayer } from '../../core/oci/media-type.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { LayoutWriter } from '../../upstream/layout-writer.ts';
import { openBlob } from '../store/blob-store.ts';
import { blobKey, linkKey } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { StoreError } from '../store/store-error.ts';
import { verified } from '../store/verify-body.ts';

export interface ExportStep {
  /** `missing`: a manifest that an index lists, and that is not there, as may be allowed. */
  readonly kind: 'manifest' | 'blob' | 'foreign' | 'missing';
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly copied: boolean;
}

export interface ExportOptions extends RepositoryPlace {
  readonly layout: LayoutWriter;
  /** Told of each manifest and blob that is done; `copied` is false for one that was there. */
  readonly progress: (step: ExportStep) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Copies one blob, unless the layout has it. */
export async function exportBlob(job: ExportOptions, blob: Descriptor): Promise<void> {
  const { storage, repository, layout, progress, signal } = job;
  const { digest, size } = blob;
  if (await layout.hasBlob(digest)) {
    progress({ kind: 'blob', digest, size, copied: false });
    return;
  }
  const found = await openBlob({ storage, repository, digest }, undefined, signal);
  if (found === undefined) {
    if (!isElsewhere(blob)) {
      const message = `the repository lacks the blob "${digest}" of one of its manifests`;
      throw new StoreError('damaged', linkKey(digest, repository), message);
    }
    progress({ kind: 'foreign', digest, size, copied: false });
    return;
  }
  try {
    await layout.putBlob(digest, verified(found.body, { digest, size }));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new StoreError('damaged', blobKey(digest), error.message, error);
  }
  progress({ kind: 'blob', digest, size, copied: true });
}

/** Its manifest says that it is to be had from somewhere else. */
function isElsewhere({ mediaType, urls }: Descriptor): boolean {
  return isForeignLayer(mediaType) || urls !== undefined;
}
