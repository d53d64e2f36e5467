// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from './cloud-region.ts';
import type { Prefix } from './prefix.ts';
import { changedStretches, type Stretch } from './range-diff-stretches.ts';
import type { RangeEntry } from './range-feeds/range-feed.ts';
import { type AddressSpace, addressSpace, prefixesBetween } from './range-space.ts';

/** What a new copy of a feed changes, measured in addresses: a thousand new /32 matter less than one /12. */
export interface RangeDiff {
  readonly ipv4: FamilyDiff;
  readonly ipv6: FamilyDiff;
  /** The widest stretches that changed, as prefixes; IPv4 first. */
  readonly changes: readonly RangeChange[];
  /** How many narrower stretches `changes` leaves out. */
  readonly omitted: number;
}

/** Numbers of addresses. Those of IPv6 are rounded to what a number can hold. */
export interface FamilyDiff {
  /** That the old copy knew. */
  readonly before: number;
  /** Of these, how many now belong to another cloud or region. */
  readonly moved: number;
  /** Of these, how many now belong to nobody. */
  readonly gone: number;
  /** That the old copy did not know. */
  readonly added: number;
}

/** `from` is undefined for what is new, `to` for what is gone. */
export interface RangeChange {
  readonly prefix: Prefix;
  readonly from: CloudRegion | undefined;
  readonly to: CloudRegion | undefined;
}

/** Enough to see what a provider did; an operator reads it, and a log holds it. */
const MOST_CHANGES = 50;

/** Compares address by address, so that a block that is cut in two or written otherwise is no change. */
export function diffRanges(
  before: readonly RangeEntry[],
  after: readonly RangeEntry[],
  mostChanges = MOST_CHANGES,
): RangeDiff {
  const ipv4 = diffFamily(addressSpace(before, 4), addressSpace(after, 4), mostChanges);
  const ipv6 = diffFamily(addressSpace(before, 6), addressSpace(after, 6), mostChanges);
  return {
    ipv4: ipv4.sums,
    ipv6: ipv6.sums,
    changes: [...ipv4.changes, ...ipv6.changes],
    omitted: ipv4.omitted + ipv6.omitted,
  };
}

/** Which share of the old addresses moved or vanished; 0 to 1. */
export function shareMoved({ before, moved, gone }: FamilyDiff): number {
  return before === 0 ? 0 : (moved + gone) / before;
}

/** How many addresses are new, for each that was there. Where there were none, nothing can be said: 0. */
export function shareAdded({ before, added }: FamilyDiff): number {
  return before === 0 ? 0 : added / before;
}

type Space = AddressSpace<CloudRegion>;

function diffFamily(before: Space, after: Space, mostChanges: number) {
  const { known, changed } = changedStretches(before, after);
  const widest = [...changed].sort(widerFirst).slice(0, mostChanges).sort(inOrder);
  const sum = (isMeant: (stretch: Stretch) => boolean) =>
    Number(changed.filter(isMeant).reduce((size, stretch) => size + sizeOf(stretch), 0n));
  const sums: FamilyDiff = {
    before: Number(known),
    moved: sum(({ from, to }) => from !== undefined && to !== undefined),
    gone: sum(({ to }) => to === undefined),
    added: sum(({ from }) => from === undefined),
  };
  const changes = widest.flatMap(({ first, last, from, to }): RangeChange[] =>
    prefixesBetween(before.kind, first, last).map((prefix) => ({ prefix, from, to })),
  );
  return { sums, changes, omitted: changed.length - widest.length };
}

function sizeOf({ first, last }: Stretch): bigint {
  return last - first + 1n;
}

function widerFirst(a: Stretch, b: Stretch): number {
  return compare(sizeOf(b), sizeOf(a));
}

function inOrder(a: Stretch, b: Stretch): number {
  return compare(a.first, b.first);
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
