// SPDX-License-Identifier: Apache-2.0
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { OCI_INDEX } from '../../core/oci/media-type.ts';
import type { ImageTarget } from '../image-target.ts';
import { layoutFiles } from '../layout-files.ts';
import { type Annotations, entryOf, layoutTarget } from '../layout-target.ts';
import { blobPath } from '../oci-layout.ts';
import { UpstreamError } from '../upstream-error.ts';
import { type ArchivedFile, writeArchive } from './write-archive.ts';

/** The tar of a layout in the making: its content is gathered in a folder beside it, where the next attempt finds it. */
export interface ArchiveInTheMaking {
  /** Where the content of one repository goes. */
  targetFor(annotationsOf: (reference: string) => Annotations): ImageTarget;
  /**
   * Makes the archive of what was named and of these digests, and only that: the same content makes the same bytes,
   * in whatever order it came, and whatever an earlier attempt has left.
   */
  finish(digests: Iterable<Digest>): Promise<void>;
}

/** @throws UpstreamError when there is such a file: an archive is never changed */
export async function makeArchive(file: string, name: string): Promise<ArchiveInTheMaking> {
  await requireNone(file);
  const staging = `${file}.partial`;
  const entries: Descriptor[] = [];
  return {
    targetFor: (annotationsOf) => ({
      ...layoutTarget({ directory: staging, name, annotationsOf }),
      async nameManifest(manifest, reference) {
        const annotations = reference === undefined ? {} : annotationsOf(reference);
        entries.push(entryOf(manifest, annotations));
      },
    }),
    async finish(digests) {
      const blobs = [...new Set(digests)].map(blobPath).sort();
      const files = layoutFiles(staging);
      const stored = await Promise.all(blobs.map((path) => storedFile(staging, path, files)));
      const layout = textFile('oci-layout', '{"imageLayoutVersion":"1.0.0"}');
      const index = textFile('index.json', indexOf(entries));
      await writeArchive({ file, folder: staging }, [layout, index, ...stored]);
      await rm(staging, { recursive: true, force: true });
    },
  };
}

async function requireNone(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined) return;
  const message = `"${file}" is there already: archives are made, and not changed`;
  throw new UpstreamError('invalid-reference', message);
}

function textFile(path: string, text: string): ArchivedFile {
  const bytes = Buffer.from(text);
  return { path, size: bytes.byteLength, open: async () => [bytes] };
}

async function storedFile(
  staging: string,
  path: string,
  files: ReturnType<typeof layoutFiles>,
): Promise<ArchivedFile> {
  const { size } = await lstat(join(staging, path));
  const open = async () => (await files.stream(path, undefined)) ?? [];
  return { path, size, open };
}

/** Each name and each digest without a name once, in an order of their own. */
function indexOf(entries: readonly Descriptor[]): string {
  const lines = [...new Set(entries.map((entry) => JSON.stringify(entry)))].sort();
  return `{"schemaVersion":2,"mediaType":${JSON.stringify(OCI_INDEX)},"manifests":[${lines.join(',')}]}\n`;
}
