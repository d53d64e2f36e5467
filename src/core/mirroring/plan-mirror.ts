// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../oci/digest.ts';
import { type DigestTable, digestTable } from './digest-table.ts';
import { type ObjectColumns, objectColumns } from './object-columns.ts';
import type { WantedObject } from './wanted-object.ts';

export interface TargetHoldings {
  readonly name: string;
  readonly held: DigestTable;
}

/** What one target lacks. */
export interface TargetGap {
  readonly name: string;
  readonly blobs: number;
  readonly manifests: number;
  readonly bytes: number;
}

/** One object to be read once, and the names of the targets that lack it. */
export interface PlannedCopy extends WantedObject {
  readonly targets: readonly string[];
  /** By target, the version of what is there and no good, whatever its size: it is replaced. */
  readonly replaces?: ReadonlyMap<string, string>;
}

/** Each is made when it is come to, and anew each time. */
export interface CopyList extends Iterable<PlannedCopy> {
  readonly length: number;
}

export interface MirrorPlan {
  /** Blobs before manifests: whoever finds a manifest finds what it lists. */
  readonly copies: CopyList;
  readonly targets: readonly TargetGap[];
  /** Different objects of the source, and their bytes. */
  readonly wanted: { readonly objects: number; readonly bytes: number };
}

/** What has to be copied where, found out one object after the other: a source is larger than memory. */
export interface MirrorPlanner {
  add(object: WantedObject): void;
  /** Whether something was added that has this size under this digest. */
  isWanted(digest: Digest, size: number): boolean;
  /** Everything that was added, once. */
  objects(): Iterable<WantedObject>;
  /** By what targets hold now, which may be more than when things were added. */
  plan(): MirrorPlan;
}

/**
 * An object counts as held when it has the size it should have: what another program left behind half way is copied
 * again.
 */
export function mirrorPlanner(targets: readonly TargetHoldings[]): MirrorPlanner {
  const seen = seenObjects();
  const objects = objectColumns();
  const wanted = { objects: 0, bytes: 0 };
  const lackingOf = ({ digest, size }: WantedObject) =>
    targets.filter(({ held }) => held.sizeOf(digest) !== size).map(({ name }) => name);
  return {
    isWanted: seen.has,
    add(object) {
      if (!seen.add(object)) return;
      wanted.objects += 1;
      wanted.bytes += object.size;
      objects.add(object);
    },
    *objects() {
      for (let place = 0; place < objects.length(); place += 1) yield objects.at(place);
    },
    plan() {
      const copies = copyList(objects, lackingOf);
      const gaps = targets.map(({ name }) => gapOf(name, copies));
      return { copies, targets: gaps, wanted: { ...wanted } };
    },
  };
}

interface Lacking {
  readonly places: number[];
  /** Of the same length. */
  readonly lists: Array<readonly string[]>;
}

/** Those that are missing somewhere at this time; where, is found out once. */
function copyList(objects: ObjectColumns, lackingOf: (object: WantedObject) => string[]): CopyList {
  const known = new Map<string, readonly string[]>();
  const [blobs, manifests]: [Lacking, Lacking] = [openLacking(), openLacking()];
  for (let place = 0; place < objects.length(); place += 1) {
    const lacking = lackingOf(objects.at(place));
    if (lacking.length === 0) continue;
    // The same list for the same names: a million copies lack the same few.
    const key = lacking.join('/');
    const list = known.get(key) ?? lacking;
    known.set(key, list);
    const { places, lists } = objects.isBlob(place) ? blobs : manifests;
    places.push(place);
    lists.push(list);
  }
  return {
    length: blobs.places.length + manifests.places.length,
    *[Symbol.iterator]() {
      yield* copiesOf(objects, blobs);
      yield* copiesOf(objects, manifests);
    },
  };
}

function openLacking(): Lacking {
  return { places: [], lists: [] };
}

function* copiesOf(
  objects: ObjectColumns,
  { places, lists }: Lacking,
): Generator<PlannedCopy, void, undefined> {
  for (const [index, targets] of lists.entries()) {
    // As many places as lists.
    yield { ...objects.at(places[index] as number), targets };
  }
}

export function planMirror(
  wanted: Iterable<WantedObject>,
  targets: readonly TargetHoldings[],
): MirrorPlan {
  const planner = mirrorPlanner(targets);
  for (const object of wanted) planner.add(object);
  return planner.plan();
}

/**
 * What has come before. An object that comes with another size is another one: a manifest that lies about a blob of
 * others must not keep it from being copied.
 */
function seenObjects() {
  const sizes = digestTable();
  const disputed = new Set<string>();
  const has = (digest: Digest, size: number): boolean =>
    sizes.sizeOf(digest) === size || disputed.has(`${digest} ${size}`);
  return {
    has,
    /** @returns whether it is new */
    add({ digest, size }: WantedObject): boolean {
      if (has(digest, size)) return false;
      if (sizes.sizeOf(digest) === undefined) sizes.set(digest, size);
      else disputed.add(`${digest} ${size}`);
      return true;
    },
  };
}

/** What the copies of a plan are to one target. */
function gapOf(name: string, copies: CopyList): TargetGap {
  let [blobs, manifests, bytes] = [0, 0, 0];
  for (const { kind, size, targets } of copies) {
    if (!targets.includes(name)) continue;
    if (kind === 'blob') blobs += 1;
    else manifests += 1;
    bytes += size;
  }
  return { name, blobs, manifests, bytes };
}
