// SPDX-License-Identifier: Apache-2.0
import type { Archive } from '../../upstream/archive/read-archive.ts';
import { openLayoutImages } from '../../upstream/layout-images.ts';
import { allImagesOf, type SourceImage } from './open-sources.ts';

export interface VerifiedBundle {
  readonly archive: Archive;
  readonly file: string;
}

/** Everything that a bundle names. */
export async function imagesOfBundle({
  archive,
  file,
}: VerifiedBundle): Promise<readonly SourceImage[]> {
  return allImagesOf(await openLayoutImages({ name: file, files: archive.files }));
}
