// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../core/oci/digest.ts';
import type { ManifestBytes } from './image-source.ts';
import type { ImageTarget } from './image-target.ts';
import { layoutFiles } from './layout-files.ts';
import { isWhole, type LayoutWriter, openLayoutWriter } from './layout-writer.ts';

/** What the index of a layout says of an image that has a name. */
export type Annotations = Readonly<Record<string, string>>;

export interface LayoutTargetOptions {
  readonly directory: string;
  /** As a person wrote it, for messages. */
  readonly name: string;
  /** @param reference the tag of the image or, without one, its digest */
  readonly annotationsOf: (reference: string) => Annotations;
}

/** A folder that becomes an image layout, or is one, when something is written to it. */
export function layoutTarget({ directory, name, annotationsOf }: LayoutTargetOptions): ImageTarget {
  const files = layoutFiles(directory);
  let opened: Promise<LayoutWriter> | undefined;
  const writer = () => {
    opened ??= openLayoutWriter(directory);
    return opened;
  };
  const has = (digest: Digest, signal: AbortSignal) => isWhole(files, digest, signal);
  return {
    name,
    hasBlob: has,
    async putBlob({ digest }, open) {
      await (await writer()).putBlob(digest, await open());
      return 'copied';
    },
    hasManifest: has,
    async putManifest({ digest, bytes }) {
      await (await writer()).putBlob(digest, once(bytes));
    },
    async nameManifest(manifest, reference) {
      const annotations = reference === undefined ? {} : annotationsOf(reference);
      await (await writer()).addEntries([entryOf(manifest, annotations)]);
    },
  };
}

export function entryOf({ digest, mediaType, bytes }: ManifestBytes, annotations: Annotations) {
  const size = bytes.byteLength;
  const hasSome = Object.keys(annotations).length > 0;
  return { mediaType, digest, size, ...(hasSome && { annotations }) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
