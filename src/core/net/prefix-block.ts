// SPDX-License-Identifier: Apache-2.0
import type { Block, Line } from './disjoint-ranges.ts';
import type { Words } from './ipv6.ts';
import type { IPv4Prefix, IPv6Prefix } from './prefix.ts';

export const IPV4_LINE: Line<number> = {
  first: 0,
  last: 2 ** 32 - 1,
  after: (point) => point + 1,
};

export const IPV6_LINE: Line<bigint> = {
  first: 0n,
  last: 2n ** 128n - 1n,
  after: (point) => point + 1n,
};

export function ipv4Block<T>({ value: first, length }: IPv4Prefix, value: T): Block<number, T> {
  return { first, last: first + 2 ** (32 - length) - 1, value };
}

export function ipv6Block<T>({ words, length }: IPv6Prefix, value: T): Block<bigint, T> {
  const [a, b, c, d] = words;
  const upper = (BigInt(a) << 32n) | BigInt(b);
  const lower = (BigInt(c) << 32n) | BigInt(d);
  const first = (upper << 64n) | lower;
  return { first, last: first | (IPV6_LINE.last >> BigInt(length)), value };
}

export function wordsOfPoint(point: bigint): Words {
  const upper = point >> 64n;
  return [wordOf(upper >> 32n), wordOf(upper), wordOf(point >> 32n), wordOf(point)];
}

function wordOf(point: bigint): number {
  return Number(BigInt.asUintN(32, point));
}
