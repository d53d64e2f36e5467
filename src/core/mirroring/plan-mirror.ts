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
  /** By target, the version of what is there and no good, whatever its size: it is replaced. */
  readonly replaces?: ReadonlyMap<string, string>;
}

export interface MirrorPlan {
  /** Blobs before manifests: whoever finds a manifest finds what it lists. */
  readonly copies: readonly PlannedCopy[];
  readonly targets: readonly TargetGap[];
  /** Different objects of the source, and their bytes. */
  readonly wanted: { readonly objects: number; readonly bytes: number };
}

/**
 * What has to be copied where. An object counts as held when it has the size it should have: what another
 * program left behind half way is copied again. Only what is missing somewhere takes memory of its own.
 */
export function planMirror(
  wanted: Iterable<WantedObject>,
  targets: readonly TargetHoldings[],
): MirrorPlan {
  const isNew = firstTime();
  const copies: PlannedCopy[] = [];
  let [objects, bytes] = [0, 0];
  for (const object of wanted) {
    if (!isNew(object)) continue;
    objects += 1;
    bytes += object.size;
    const lacking = targets.filter(({ held }) => held.sizeOf(object.digest) !== object.size);
    if (lacking.length > 0) copies.push({ ...object, targets: lacking.map(({ name }) => name) });
  }
  copies.sort((one, other) => rank(one) - rank(other));
  const gaps = targets.map(({ name }) => gapOf(name, copies));
  return { copies, targets: gaps, wanted: { objects, bytes } };
}

/**
 * Whether an object has not come before. One that comes with another size is another one: a manifest that lies
 * about a blob of others must not keep it from being copied.
 */
function firstTime(): (object: WantedObject) => boolean {
  const seen = digestTable();
  const disputed = new Set<string>();
  return ({ digest, size }) => {
    const before = seen.sizeOf(digest);
    if (before === undefined) seen.set(digest, size);
    if (before === undefined || before === size) return before === undefined;
    const other = `${digest} ${size}`;
    if (disputed.has(other)) return false;
    disputed.add(other);
    return true;
  };
}

function rank({ kind }: WantedObject): number {
  return kind === 'blob' ? 0 : 1;
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
