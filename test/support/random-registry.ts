// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../src/core/oci/descriptor.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/core/oci/media-type.ts';
import { type FakeMirrorSource, fakeMirrorSource } from './mirror-source.ts';
import { addIndex, addReferrer } from './registry-images.ts';

/** Numbers from 0 up to a bound, the same for the same seed: mulberry32. */
export type Draw = (below: number) => number;

export function drawFrom(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const REPOSITORIES = ['team/app', 'team/base', 'tool'];
const LAYERS = 6;

export interface RandomRegistry {
  readonly source: FakeMirrorSource;
  /** Pushes a few images more, and gives them tags. */
  grow(): void;
}

/**
 * A registry of images that share layers, of indexes of images and of indexes, some named twice, and of signatures,
 * by the referrers API and by a tag.
 */
export function randomRegistry(draw: Draw): RandomRegistry {
  const source = fakeMirrorSource();
  const made: Descriptor[] = [];
  let tags = 0;
  const addSome = () => {
    made.push(draw(3) === 0 && made.length > 0 ? randomIndex(source, made, draw) : randomImage());
  };
  const randomImage = () => {
    const { images } = source;
    const layers = Array.from({ length: 1 + draw(3) }, () =>
      images.addBlob(OCI_LAYER_GZIP, `layer ${draw(LAYERS)} `.repeat(9)),
    );
    const config = images.addBlob(OCI_CONFIG, `{"number":${draw(LAYERS)}}`);
    return images.addManifest({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
  };
  return {
    source,
    grow() {
      for (let count = 2 + draw(3); count > 0; count -= 1) {
        addSome();
        const pushed = made.at(-1);
        const repository = REPOSITORIES[draw(REPOSITORIES.length)];
        if (pushed === undefined || repository === undefined) continue;
        tags += 1;
        source.tag(repository, `v${tags}`, pushed.digest);
        if (draw(3) === 0) sign(source, pushed, repository, draw(2) === 0);
      }
    },
  };
}

function randomIndex(source: FakeMirrorSource, made: readonly Descriptor[], draw: Draw) {
  const listed = Array.from({ length: 1 + draw(3) }, () => made[draw(made.length)]);
  return addIndex(source.images, listed.filter(isMade));
}

function isMade(descriptor: Descriptor | undefined): descriptor is Descriptor {
  return descriptor !== undefined;
}

/** By a tag as cosign's, or for the referrers API to tell. */
function sign(
  source: FakeMirrorSource,
  subject: Descriptor,
  repository: string,
  hasTag: boolean,
): void {
  const signature = addReferrer(source.images, subject, 'text/signature');
  const tag = `${subject.digest.replace(':', '-')}.sig`;
  if (hasTag) source.tag(repository, tag, signature.digest);
}
