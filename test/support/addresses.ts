// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { Address, IPv4Address, IPv6Address } from '../../src/core/net/address.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { type Prefix, parsePrefix } from '../../src/core/net/prefix.ts';

/** Few different bits, so that random prefixes and addresses meet, and the ends of every word. */
const word = fc.oneof(
  fc.constantFrom(0, 1, 0xffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);

export const ipv4Addresses: fc.Arbitrary<IPv4Address> = word.map((value) => ({ kind: 4, value }));

/** IPv4-mapped ones left out: those are IPv4 addresses once read. */
export const ipv6Addresses: fc.Arbitrary<IPv6Address> = fc
  .tuple(word, word, word, word)
  .filter((words) => words[0] !== 0 || words[1] !== 0 || words[2] !== 0xffff)
  .map((words) => ({ kind: 6, words }));

export const addresses: fc.Arbitrary<Address> = fc.oneof(ipv4Addresses, ipv6Addresses);

/** The address that a test has written out. */
export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`"${text}" is no address`);
  return parsed;
}

/** The prefix that a test has written out. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`"${text}" is no prefix`);
  return parsed;
}
