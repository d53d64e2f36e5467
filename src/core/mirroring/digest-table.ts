// SPDX-License-Identifier: Apache-2.0
import { at } from '../bytes.ts';
import type { IndexRecord } from '../digest-index/digest-index-file.ts';
import { algorithmOf, type Digest, type DigestAlgorithm, hexOf } from '../oci/digest.ts';

/**
 * Sizes by digest, in at most 48 bytes each: what a target holds, or what was seen of a source. Like the index, it
 * keeps ten bytes of a digest; what stands in no table of this is never taken for something else by chance.
 */
export interface DigestTable {
  /** The size in bytes; undefined when the digest is not in it. */
  sizeOf(digest: Digest): number | undefined;
  /** Takes the place of what was there before. */
  set(digest: Digest, size: number): void;
  setRecord(record: IndexRecord): void;
  hasRecord(record: IndexRecord): boolean;
  /** As if it had never been set. */
  forget(digest: Digest): void;
  size(): number;
  records(): Generator<IndexRecord, void, undefined>;
}

const LEAST = 1024;
const LOW_BITS = 0x10000;
/** The size of what was forgotten: its place stays taken, because others were put behind it. */
const FORGOTTEN = -1;
const USED = { sha256: 0x10000, sha512: 0x20000 } as const;

interface Columns {
  readonly places: number;
  readonly high: Uint32Array;
  readonly middle: Uint32Array;
  /** Two bytes of the digest, and above them the algorithm; 0 is a free place. */
  readonly low: Uint32Array;
  readonly sizes: Float64Array;
}

interface Key {
  readonly high: number;
  readonly middle: number;
  readonly low: number;
}

export function digestTable(): DigestTable {
  let columns = columnsOf(LEAST);
  let count = 0;
  let forgotten = 0;
  const put = (key: Key, size: number): void => {
    const place = placeOf(columns, key);
    if (at(columns.low, place) === 0) count += 1;
    else if (!isSet(columns, place)) forgotten -= 1;
    write(columns, place, key, size);
    if (count * 2 > columns.places) columns = grown(columns);
  };
  return {
    sizeOf(digest) {
      const place = placeOf(columns, keyOf(algorithmOf(digest), hexOf(digest)));
      return isSet(columns, place) ? at(columns.sizes, place) : undefined;
    },
    forget(digest) {
      const place = placeOf(columns, keyOf(algorithmOf(digest), hexOf(digest)));
      if (!isSet(columns, place)) return;
      columns.sizes[place] = FORGOTTEN;
      forgotten += 1;
    },
    set: (digest, size) => put(keyOf(algorithmOf(digest), hexOf(digest)), size),
    setRecord: ({ algorithm, hex, size }) => put(keyOf(algorithm, hex), size),
    hasRecord: ({ algorithm, hex }) => isSet(columns, placeOf(columns, keyOf(algorithm, hex))),
    size: () => count - forgotten,
    *records() {
      for (let place = 0; place < columns.places; place += 1) {
        if (isSet(columns, place)) yield recordAt(columns, place);
      }
    },
  };
}

function columnsOf(places: number): Columns {
  return {
    places,
    high: new Uint32Array(places),
    middle: new Uint32Array(places),
    low: new Uint32Array(places),
    sizes: new Float64Array(places),
  };
}

function keyOf(algorithm: DigestAlgorithm, hex: string): Key {
  return {
    high: Number.parseInt(hex.slice(0, 8), 16),
    middle: Number.parseInt(hex.slice(8, 16), 16),
    low: Number.parseInt(hex.slice(16, 20), 16) + USED[algorithm],
  };
}

/** Where a key is, or has its place. */
function placeOf({ places, high, middle, low }: Columns, key: Key): number {
  let place = ((key.high ^ key.middle) >>> 0) % places;
  while (at(low, place) !== 0) {
    const isSame = at(low, place) === key.low && at(middle, place) === key.middle;
    if (isSame && at(high, place) === key.high) return place;
    place = (place + 1) % places;
  }
  return place;
}

function isSet({ low, sizes }: Columns, place: number): boolean {
  return at(low, place) !== 0 && at(sizes, place) !== FORGOTTEN;
}

function write(columns: Columns, place: number, key: Key, size: number): void {
  columns.high[place] = key.high;
  columns.middle[place] = key.middle;
  columns.low[place] = key.low;
  columns.sizes[place] = size;
}

function grown(before: Columns): Columns {
  const after = columnsOf(before.places * 2);
  for (let place = 0; place < before.places; place += 1) {
    if (at(before.low, place) === 0) continue;
    const key = {
      high: at(before.high, place),
      middle: at(before.middle, place),
      low: at(before.low, place),
    };
    write(after, placeOf(after, key), key, at(before.sizes, place));
  }
  return after;
}

function recordAt({ high, middle, low, sizes }: Columns, place: number): IndexRecord {
  const hex = hexText(at(high, place), 8) + hexText(at(middle, place), 8);
  const last = at(low, place);
  return {
    algorithm: last < USED.sha512 ? 'sha256' : 'sha512',
    hex: hex + hexText(last % LOW_BITS, 4),
    size: at(sizes, place),
  };
}

function hexText(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
