// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from './cloud-region.ts';
import type { AddressSpace } from './range-space.ts';

/** Neighbouring addresses, both ends included, that share what they were and what they are. */
export interface Stretch {
  readonly first: bigint;
  readonly last: bigint;
  readonly from: CloudRegion | undefined;
  readonly to: CloudRegion | undefined;
}

export interface ChangedStretches {
  /** How many addresses belonged to somebody before. */
  readonly known: bigint;
  /** In the order of the addresses; no two that touch say the same. */
  readonly changed: readonly Stretch[];
}

/** Walks two spaces side by side. */
export function changedStretches(
  before: AddressSpace<CloudRegion>,
  after: AddressSpace<CloudRegion>,
): ChangedStretches {
  const changed: Stretch[] = [];
  let known = 0n;
  for (const stretch of stretches(before, after)) {
    const { first, last, from, to } = stretch;
    if (from !== undefined) known += last - first + 1n;
    if (isSamePlace(from, to)) continue;
    const previous = changed.at(-1);
    if (previous !== undefined && continues(previous, stretch)) {
      changed[changed.length - 1] = { ...previous, last };
    } else changed.push(stretch);
  }
  return { known, changed };
}

function* stretches(
  before: AddressSpace<CloudRegion>,
  after: AddressSpace<CloudRegion>,
): Generator<Stretch> {
  let [old, now] = [0, 0];
  let first: bigint | undefined = before.line.first;
  while (first !== undefined) {
    const [oldEnd, nowEnd] = [before.ranges[old + 1]?.start, after.ranges[now + 1]?.start];
    const end = nearer(oldEnd, nowEnd);
    const last = end === undefined ? before.line.last : end - 1n;
    yield { first, last, from: before.ranges[old]?.value, to: after.ranges[now]?.value };
    if (oldEnd === end) old += 1;
    if (nowEnd === end) now += 1;
    first = end;
  }
}

function nearer(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

function continues(previous: Stretch, { first, from, to }: Stretch): boolean {
  return (
    previous.last + 1n === first && isSamePlace(previous.from, from) && isSamePlace(previous.to, to)
  );
}

/** By name: two copies of a feed share no values. */
function isSamePlace(a: CloudRegion | undefined, b: CloudRegion | undefined): boolean {
  return a?.cloud === b?.cloud && a?.region === b?.region;
}
