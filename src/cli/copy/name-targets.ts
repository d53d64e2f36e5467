// SPDX-License-Identifier: Apache-2.0
import { isTag } from '../../core/oci/reference.ts';
import { IMAGE_NAME } from '../../upstream/layout-images.ts';
import { REF_NAME } from '../../upstream/layout-index.ts';
import type { Annotations } from '../../upstream/layout-target.ts';
import { UsageError } from '../command.ts';
import type { ImagePlace } from './image-place.ts';
import type { SourceImage } from './open-sources.ts';

/** Where one image goes. */
export interface NamedTarget {
  readonly image: SourceImage;
  /** Of a registry; undefined in a layout. */
  readonly repository: string | undefined;
  readonly tag: string | undefined;
  /** What a layout says of an image by this tag or digest. */
  readonly annotationsOf: (reference: string) => Annotations;
  readonly shown: string;
}

/** @throws UsageError when images would take each other's place, or nobody says where one goes */
export function nameTargets(
  images: readonly SourceImage[],
  place: ImagePlace,
): readonly NamedTarget[] {
  const { reference, text } = place;
  if (reference !== undefined && !isTag(reference)) {
    throw new UsageError(
      `"${text}" ends in more than a tag: where an image goes has a tag or nothing there`,
    );
  }
  const areSeveral = new Set(images.map(({ repository }) => repository)).size > 1;
  const targets = images.map((image) => nameOne(image, place, areSeveral));
  const taken = new Set<string>();
  for (const { shown } of targets) {
    if (taken.has(shown)) throw new UsageError(`two images would become "${shown}"`);
    taken.add(shown);
  }
  return targets;
}

function nameOne(image: SourceImage, place: ImagePlace, areSeveral: boolean): NamedTarget {
  const tag = place.reference ?? image.tag;
  const last = tag === undefined ? `@${image.reference}` : `:${tag}`;
  if (place.kind !== 'registry') {
    const annotationsOf = (one: string) => annotationsFor(image, one, areSeveral);
    const start = `${place.kind === 'layout' ? 'oci' : 'oci-archive'}:${place.path}:`;
    const name = areSeveral ? `${image.repository ?? ''}${last}` : last.slice(1);
    return { image, repository: undefined, tag, annotationsOf, shown: `${start}${name}` };
  }
  const repository = repositoryOf(image, place, areSeveral);
  const shown = `docker://${place.host}/${repository}${last}`;
  return { image, repository, tag, annotationsOf: () => ({}), shown };
}

function repositoryOf(
  { repository, source }: SourceImage,
  place: Extract<ImagePlace, { readonly kind: 'registry' }>,
  areSeveral: boolean,
): string {
  if (place.prefix === undefined && !areSeveral) return place.repository;
  if (place.prefix === undefined) {
    throw new UsageError(`"${place.text}" is one repository for several: end it in a slash`);
  }
  if (repository !== undefined) return `${place.prefix}${repository}`;
  const message = `"${source.name}" does not say the repository of its image: name one in "${place.text}"`;
  throw new UsageError(message);
}

const HUB = 'registry-1.docker.io';

/** A tag is enough where all are of one repository; with several it says which, as clients can still ask for it. */
function annotationsFor(
  { host, repository }: SourceImage,
  reference: string,
  areSeveral: boolean,
): Annotations {
  const isByTag = isTag(reference);
  const name = areSeveral && repository !== undefined ? `${repository}:${reference}` : reference;
  const whole = host !== undefined && `${host === HUB ? 'docker.io' : host}/${repository}`;
  return {
    ...(whole && { [IMAGE_NAME]: `${whole}${isByTag ? ':' : '@'}${reference}` }),
    ...(isByTag && { [REF_NAME]: name }),
  };
}
