// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';
import { parseImageName } from '../core/oci/image-name.ts';
import { isTag } from '../core/oci/reference.ts';
import { isRepository } from '../core/oci/repository.ts';
import type { TaggedSource } from './image-source.ts';
import { REF_NAME } from './layout-index.ts';
import { type Layout, layoutSource, readEntries } from './oci-layout.ts';
import { UpstreamError } from './upstream-error.ts';

/** What containerd calls an image by: its whole name, host and all. */
export const IMAGE_NAME = 'io.containerd.image.name';

/** An image that the index of a layout names. */
export interface LayoutImage {
  readonly digest: Digest;
  /** Of the registry that it came from, and the repository there; where the layout says it. */
  readonly host: string | undefined;
  readonly repository: string | undefined;
  readonly tag: string | undefined;
}

export interface LayoutImages {
  /** What has a name; when nothing has one, all that the index lists. */
  readonly images: readonly LayoutImage[];
  /** The content, with the tags of one repository, and those of which nobody says whose they are. */
  contentOf(repository: string | undefined): TaggedSource;
}

export async function openLayoutImages(layout: Layout): Promise<LayoutImages> {
  const entries = await readEntries(layout);
  const images = imagesOf(entries);
  const source = layoutSource(layout, entries);
  return {
    images,
    contentOf(repository) {
      const own = images.filter((image) => isOf(image, repository));
      return {
        ...source,
        listTags: async () => own.flatMap(({ tag }) => tag ?? []),
        fetchManifest(reference, signal) {
          const digest = isTag(reference) ? digestOfTag(own, reference, layout.name) : reference;
          return digest === undefined
            ? Promise.resolve(undefined)
            : source.fetchManifest(digest, signal);
        },
      };
    },
  };
}

function isOf(image: LayoutImage, repository: string | undefined): boolean {
  return [undefined, image.repository].includes(repository) || image.repository === undefined;
}

/** Two that disagree are nobody's wish. */
function digestOfTag(
  images: readonly LayoutImage[],
  tag: string,
  name: string,
): Digest | undefined {
  const tagged = images.filter((image) => image.tag === tag);
  if (tagged.every(({ digest }) => digest === tagged[0]?.digest)) return tagged[0]?.digest;
  throw new UpstreamError('bad-answer', `"${name}" has more than one image tagged "${tag}"`);
}

export function imagesOf(entries: readonly Descriptor[]): readonly LayoutImage[] {
  const named = entries.filter(
    ({ annotations }) => annotations?.[REF_NAME] ?? annotations?.[IMAGE_NAME],
  );
  return (named.length > 0 ? named : entries).map(imageOf);
}

function imageOf({ digest, annotations }: Descriptor): LayoutImage {
  const name = annotations?.[REF_NAME] ?? '';
  const whole = parseImageName(`docker://${annotations?.[IMAGE_NAME] ?? ''}`);
  const colon = name.lastIndexOf(':');
  const [before, behind] = [name.slice(0, Math.max(colon, 0)), name.slice(colon + 1)];
  const tags = [behind, whole?.reference ?? ''].filter(isTag);
  const repositories = [whole?.repository ?? '', before].filter(isRepository);
  return { digest, host: whole?.registry, repository: repositories[0], tag: tags[0] };
}
