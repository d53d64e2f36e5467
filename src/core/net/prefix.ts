// SPDX-License-Identifier: Apache-2.0
import {
  type Address,
  formatAddress,
  type IPv4Address,
  type IPv6Address,
  isMapped,
} from './address.ts';
import { parseIPv4 } from './ipv4.ts';
import { parseIPv6, type Words } from './ipv6.ts';

/**
 * A block of addresses of one family: its first address, and how many bits are the same in all of
 * them (0 to 32, or 0 to 128). The other bits are zero.
 */
export type Prefix = IPv4Prefix | IPv6Prefix;

export interface IPv4Prefix extends IPv4Address {
  readonly length: number;
}

export interface IPv6Prefix extends IPv6Address {
  readonly length: number;
}

const LENGTH = /^(?:0|[1-9]\d{0,2})$/;
const MAPPED_LENGTH = 96;

/**
 * Reads `192.0.2.0/24`; an address without a length is a block of one.
 *
 * Bits after the length are cleared: `192.0.2.7/24` is how interfaces and some feeds write the same
 * block. A block of IPv4-mapped addresses becomes the IPv4 block. One that is wider than all of IPv4
 * stays IPv6, and holds no IPv4 address, because those never appear in mapped form.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const lengthText = slash === -1 ? undefined : text.slice(slash + 1);
  const value = parseIPv4(address);
  if (value !== undefined) return ipv4Prefix(value, parseLength(lengthText, 32));
  const words = parseIPv6(address);
  return words === undefined ? undefined : ipv6Prefix(words, parseLength(lengthText, 128));
}

function parseLength(text: string | undefined, longest: number): number | undefined {
  if (text === undefined) return longest;
  return LENGTH.test(text) && Number(text) <= longest ? Number(text) : undefined;
}

function ipv4Prefix(value: number, length: number | undefined): Prefix | undefined {
  if (length === undefined) return undefined;
  return { kind: 4, value: (value & maskOf(length)) >>> 0, length };
}

function ipv6Prefix(words: Words, length: number | undefined): Prefix | undefined {
  if (length === undefined) return undefined;
  if (isMapped(words) && length >= MAPPED_LENGTH) {
    return ipv4Prefix(words[3], length - MAPPED_LENGTH);
  }
  return { kind: 6, words: masked(words, length), length };
}

function masked([first, second, third, fourth]: Words, length: number): Words {
  return [
    (first & maskOf(length)) >>> 0,
    (second & maskOf(length - 32)) >>> 0,
    (third & maskOf(length - 64)) >>> 0,
    (fourth & maskOf(length - 96)) >>> 0,
  ];
}

/** The bits of one word that a length covers, counted from the word's own first bit. */
function maskOf(length: number): number {
  if (length <= 0) return 0; // a shift by 32 would be one by 0
  return length >= 32 ? -1 : -1 << (32 - length);
}

/** The block of that many bits that an address lies in; `length` fits its family. */
export function prefixOf(address: Address, length: number): Prefix {
  if (address.kind === 6) return { kind: 6, words: masked(address.words, length), length };
  return { kind: 4, value: (address.value & maskOf(length)) >>> 0, length };
}

/** Whether an address lies in a block. The families never hold each other's addresses. */
export function prefixContains(prefix: Prefix, address: Address): boolean {
  if (prefix.kind === 4) {
    return address.kind === 4 && differing(prefix.value, address.value, prefix.length) === 0;
  }
  return address.kind === 6 && agrees(prefix.words, address.words, prefix.length);
}

function agrees(a: Words, b: Words, length: number): boolean {
  return (
    differing(a[0], b[0], length) === 0 &&
    differing(a[1], b[1], length - 32) === 0 &&
    differing(a[2], b[2], length - 64) === 0 &&
    differing(a[3], b[3], length - 96) === 0
  );
}

function differing(a: number, b: number, length: number): number {
  return (a ^ b) & maskOf(length);
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${prefix.length}`;
}
