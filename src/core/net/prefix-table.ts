// SPDX-License-Identifier: Apache-2.0
import type { Address } from './address.ts';
import { type Block, disjointRanges } from './disjoint-ranges.ts';
import type { Words } from './ipv6.ts';
import type { Prefix } from './prefix.ts';
import { IPV4_LINE, IPV6_LINE, ipv4Block, ipv6Block, wordsOfPoint } from './prefix-block.ts';
import { ipv4Search, ipv6Search } from './range-search.ts';

export interface PrefixEntry<T> {
  readonly prefix: Prefix;
  readonly value: T;
}

/** Finds the value of the longest prefix that holds an address. Never changes once built. */
export interface PrefixTable<T> {
  lookup(address: Address): T | undefined;
  /** The same for an IPv4 address that is already a number: unsigned, 32 bits. */
  lookup4(value: number): T | undefined;
  /** How many entries it was built from. */
  readonly size: number;
}

/**
 * Builds a table. Of two entries with equal prefixes the first wins, so what the operator wrote is given
 * before what a feed says. Values are told apart by identity: entries that share theirs make a small table.
 */
export function buildPrefixTable<T>(entries: Iterable<PrefixEntry<T>>): PrefixTable<T> {
  const ipv4: Block<number, T>[] = [];
  const ipv6: Block<bigint, T>[] = [];
  for (const { prefix, value } of entries) {
    if (prefix.kind === 4) ipv4.push(ipv4Block(prefix, value));
    else ipv6.push(ipv6Block(prefix, value));
  }
  const lookup4 = ipv4Lookup(ipv4);
  const lookup6 = ipv6Lookup(ipv6);
  return {
    lookup: (address) => (address.kind === 4 ? lookup4(address.value) : lookup6(address.words)),
    lookup4,
    size: ipv4.length + ipv6.length,
  };
}

function ipv4Lookup<T>(blocks: readonly Block<number, T>[]): (value: number) => T | undefined {
  const ranges = disjointRanges(blocks, IPV4_LINE);
  const search = ipv4Search(Uint32Array.from(ranges.map(({ start }) => start)));
  const values = ranges.map(({ value }) => value);
  return (value) => values[search(value)];
}

function ipv6Lookup<T>(blocks: readonly Block<bigint, T>[]): (words: Words) => T | undefined {
  const ranges = disjointRanges(blocks, IPV6_LINE);
  const search = ipv6Search(Uint32Array.from(ranges.flatMap(({ start }) => wordsOfPoint(start))));
  const values = ranges.map(({ value }) => value);
  return (words) => values[search(words)];
}
