// SPDX-License-Identifier: Apache-2.0
import { at } from '../bytes.ts';
import { type Digest, hexOf } from '../oci/digest.ts';

/**
 * Digests, each perhaps within a repository, in 16 to 32 bytes each: 48 bits are kept of one. Two that share those
 * are taken for one another, which whoever asks has to be safe against: what is thought to be here is kept.
 */
export interface ReferenceSet {
  add(digest: Digest, repository?: string): void;
  has(digest: Digest, repository?: string): boolean;
  size(): number;
}

const LEAST = 1024;
const HALF = 2 ** 24;

export function referenceSet(): ReferenceSet {
  // Open addressing in one column of numbers; 0 is a free place.
  let places = new Float64Array(LEAST);
  let size = 0;
  const grow = (): void => {
    const before = places;
    places = new Float64Array(before.length * 2);
    for (const key of before) if (key !== 0) places[placeOf(places, key)] = key;
  };
  return {
    add(digest, repository = '') {
      const key = keyOf(digest, repository);
      const place = placeOf(places, key);
      if (places[place] === key) return;
      places[place] = key;
      size += 1;
      if (size * 2 > places.length) grow();
    },
    has(digest, repository = '') {
      const key = keyOf(digest, repository);
      return places[placeOf(places, key)] === key;
    },
    size: () => size,
  };
}

/** Where a key is, or has its place. */
function placeOf(places: Float64Array, key: number): number {
  let place = key % places.length;
  while (at(places, place) !== 0 && at(places, place) !== key) place = (place + 1) % places.length;
  return place;
}

function keyOf(digest: Digest, repository: string): number {
  const hex = hexOf(digest);
  const name = hashOf(repository);
  const high = Number.parseInt(hex.slice(0, 6), 16) ^ (name >>> 8);
  const low = Number.parseInt(hex.slice(6, 12), 16) ^ (name & 0xffffff);
  return high * HALF + low + 1;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
  }
  return hash >>> 0;
}
