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
  /** Different digests of the source, and their bytes. */
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
  const seen = digestTable();
  const copies: PlannedCopy[] = [];
  let bytes = 0;
  for (const object of wanted) {
    if (seen.sizeOf(object.digest) !== undefined) continue;
    seen.set(object.digest, object.size);
    bytes += object.size;
    const lacking = targets.filter(({ held }) => held.sizeOf(object.digest) !== object.size);
    if (lacking.length > 0) copies.push({ ...object, targets: lacking.map(({ name }) => name) });
  }
  copies.sort((one, other) => rank(one) - rank(other));
  const gaps = targets.map(({ name }) => gapOf(name, copies));
  return { copies, targets: gaps, wanted: { objects: seen.size(), bytes } };
}

function rank({ kind }: WantedObject): number {
  return kind === 'blob' ? 0 : 1;
}

/** What the copies of a plan are to one target. */
export function gapOf(name: string, copies: readonly PlannedCopy[]): TargetGap {
  let [blobs, manifests, bytes] = [0, 0, 0];
  for (const { kind, size, targets } of copies) {
    if (!targets.includes(name)) continue;
    if (kind === 'blob') blobs += 1;
    else manifests += 1;
    bytes += size;
  }
  return { name, blobs, manifests, bytes };
}
