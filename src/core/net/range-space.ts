// SPDX-License-Identifier: Apache-2.0
import { disjointRanges, type Line, type Range } from './disjoint-ranges.ts';
import type { Prefix } from './prefix.ts';
import { IPV6_LINE, ipv4Block, ipv6Block, wordsOfPoint } from './prefix-block.ts';
import type { PrefixEntry } from './prefix-table.ts';

/** All addresses of one family, cut where the owner changes. One kind of point for both: speed is no matter here. */
export interface AddressSpace<T> {
  readonly kind: 4 | 6;
  readonly line: Line<bigint>;
  readonly ranges: readonly Range<bigint, T>[];
}

const LINES: Readonly<Record<4 | 6, Line<bigint>>> = {
  4: { first: 0n, last: 2n ** 32n - 1n, after: (point) => point + 1n },
  6: IPV6_LINE,
};

/** Who owns what, as a prefix table of these entries answers: the longest prefix wins, of equal ones the first. */
export function addressSpace<T>(entries: readonly PrefixEntry<T>[], kind: 4 | 6): AddressSpace<T> {
  const blocks = entries
    .filter(({ prefix }) => prefix.kind === kind)
    .map(({ prefix, value }) => blockOf(prefix, value));
  const line = LINES[kind];
  return { kind, line, ranges: disjointRanges(blocks, line) };
}

function blockOf<T>(prefix: Prefix, value: T) {
  if (prefix.kind === 6) return ipv6Block(prefix, value);
  const { first, last } = ipv4Block(prefix, value);
  return { first: BigInt(first), last: BigInt(last), value };
}

/** The fewest prefixes that hold these addresses, both ends included, and no other. */
export function prefixesBetween(kind: 4 | 6, first: bigint, last: bigint): readonly Prefix[] {
  const prefixes: Prefix[] = [];
  for (let start = first; start <= last; ) {
    let size = 1n;
    let length = kind === 4 ? 32 : 128;
    // Twice as wide for as long as it begins where such a block may begin, and ends in time.
    while (length > 0 && start % (size * 2n) === 0n && start + size * 2n - 1n <= last) {
      size *= 2n;
      length -= 1;
    }
    prefixes.push(prefixAt(kind, start, length));
    start += size;
  }
  return prefixes;
}

function prefixAt(kind: 4 | 6, start: bigint, length: number): Prefix {
  return kind === 4
    ? { kind, value: Number(start), length }
    : { kind, words: wordsOfPoint(start), length };
}
