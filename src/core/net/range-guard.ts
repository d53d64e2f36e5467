// SPDX-License-Identifier: Apache-2.0
import { formatPrefix } from './prefix.ts';
import { type FamilyDiff, type RangeDiff, shareAdded, shareMoved } from './range-diff.ts';
import type { RangeEntry } from './range-feeds/range-feed.ts';

/** What a new copy of a feed may be like. Shares are of the addresses of the old copy, each family apart. */
export interface GuardLimits {
  /** How many may move to another region or vanish; 0 to 1. */
  readonly maxMoved: number;
  /** How many may be new: 1 lets a feed double. */
  readonly maxAdded: number;
  /** Bits of the widest prefix that is believed. */
  readonly shortestIPv4: number;
  readonly shortestIPv6: number;
}

/** A feed that holds one absurd prefix may hold thousands. */
const MOST_NAMED = 5;

/**
 * Why a feed should not be believed; empty when nothing speaks against it. `diff` compares it with the last
 * good copy, and is undefined for the first copy, of which only its prefixes can be judged.
 */
export function guardRanges(
  entries: readonly RangeEntry[],
  diff: RangeDiff | undefined,
  limits: GuardLimits,
): readonly string[] {
  if (entries.length === 0) return ['it is empty'];
  return [
    ...tooWide(entries, limits),
    ...(diff === undefined ? [] : changedTooMuch('IPv4', diff.ipv4, limits)),
    ...(diff === undefined ? [] : changedTooMuch('IPv6', diff.ipv6, limits)),
  ];
}

function tooWide(entries: readonly RangeEntry[], limits: GuardLimits): string[] {
  const shortest = { 4: limits.shortestIPv4, 6: limits.shortestIPv6 };
  const wide = entries.filter(({ prefix }) => prefix.length < shortest[prefix.kind]);
  const reasons = wide
    .slice(0, MOST_NAMED)
    .map(
      ({ prefix }) =>
        `${formatPrefix(prefix)} is wider than any cloud's: at most /${shortest[prefix.kind]} is believed`,
    );
  const omitted = wide.length - reasons.length;
  return omitted > 0 ? [...reasons, `and ${omitted} more such prefixes`] : reasons;
}

function changedTooMuch(family: string, diff: FamilyDiff, limits: GuardLimits): string[] {
  const { maxMoved, maxAdded } = limits;
  const moved = shareMoved(diff);
  const added = shareAdded(diff);
  const reasons: string[] = [];
  if (moved > maxMoved) {
    reasons.push(
      `${percent(moved)} of its ${family} addresses moved or vanished: at most ${percent(maxMoved)} may`,
    );
  }
  if (added > maxAdded) {
    reasons.push(
      `it grew by ${percent(added)} of its ${family} addresses: at most ${percent(maxAdded)} may be new`,
    );
  }
  return reasons;
}

/** To a tenth, upwards: what passed a limit by little must not look as if it met it. */
function percent(share: number): string {
  return `${Math.ceil(Number((share * 1000).toPrecision(12))) / 10} %`;
}
