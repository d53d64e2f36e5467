// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../oci/digest.ts';
import { type DigestTable, digestTable } from './digest-table.ts';

/** Something of the source that every target is to hold. */
export interface WantedObject {
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  /** Bytes, as the manifest says that lists it. */
  readonly size: number;
  readonly mediaType: string;
  /** One that has it. */
  readonly repository: string;
}

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
}

export interface MirrorPlan {
  /** Blobs before manifests: whoever finds a manifest finds what it lists. */
  readonly copies: readonly PlannedCopy[];
  readonly targets: readonly TargetGap[];
  /** Different objects of the source, and their bytes. */
  readonly wanted: { readonly objects: number; readonly bytes: number };
}

/** What has to be copied where, found out one object after the other: a source is larger than memory. */
export interface MirrorPlanner {
  add(object: WantedObject): void;
  /** Whether something was added that has this size under this digest. */
  isWanted(digest: Digest, size: number): boolean;
  /** By what targets hold now, which may be more than when things were added. */
  plan(): MirrorPlan;
}

/**
 * An object counts as held when it has the size it should have: what another program left behind half way is copied
 * again. Only what is missing somewhere takes memory of its own.
 */
export function mirrorPlanner(targets: readonly TargetHoldings[]): MirrorPlanner {
  const seen = seenObjects();
  const missing = { blob: [] as PlannedCopy[], manifest: [] as PlannedCopy[] };
  const shared = sharedLists();
  const wanted = { objects: 0, bytes: 0 };
  const lackingOf = ({ digest, size }: WantedObject): readonly string[] =>
    targets.flatMap(({ name, held }) => (held.sizeOf(digest) === size ? [] : [name]));
  return {
    isWanted: seen.has,
    add(object) {
      if (!seen.add(object)) return;
      wanted.objects += 1;
      wanted.bytes += object.size;
      const lacking = lackingOf(object);
      if (lacking.length > 0) missing[object.kind].push({ ...object, targets: shared(lacking) });
    },
    plan() {
      const copies: PlannedCopy[] = [];
      for (const copy of [missing.blob, missing.manifest].flat()) {
        const lacking = shared(lackingOf(copy));
        if (lacking === copy.targets) copies.push(copy);
        else if (lacking.length > 0) copies.push({ ...copy, targets: lacking });
      }
      const gaps = targets.map(({ name }) => gapOf(name, copies));
      return { copies, targets: gaps, wanted: { ...wanted } };
    },
  };
}

export function planMirror(
  wanted: Iterable<WantedObject>,
  targets: readonly TargetHoldings[],
): MirrorPlan {
  const planner = mirrorPlanner(targets);
  for (const object of wanted) planner.add(object);
  return planner.plan();
}

/** The same list for the same names: a million copies lack the same few. */
function sharedLists(): (names: readonly string[]) => readonly string[] {
  const lists = new Map<string, readonly string[]>();
  return (names) => {
    const key = names.join('/');
    const list = lists.get(key) ?? names;
    lists.set(key, list);
    return list;
  };
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
function gapOf(name: string, copies: readonly PlannedCopy[]): TargetGap {
  let [blobs, manifests, bytes] = [0, 0, 0];
  for (const { kind, size, targets } of copies) {
    if (!targets.includes(name)) continue;
    if (kind === 'blob') blobs += 1;
    else manifests += 1;
    bytes += size;
  }
  return { name, blobs, manifests, bytes };
}
