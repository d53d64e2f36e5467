// SPDX-License-Identifier: Apache-2.0
import { formatIPv4, parseIPv4 } from './ipv4.ts';
import { formatIPv6, parseIPv6, type Words } from './ipv6.ts';

export interface IPv4Address {
  readonly kind: 4;
  /** Unsigned, 32 bits: 192.0.2.1 is 0xc0000201. */
  readonly value: number;
}

export interface IPv6Address {
  readonly kind: 6;
  readonly words: Words;
}

/** An address of either family. An IPv4-mapped one (`::ffff:192.0.2.1`) is always the IPv4 address it stands for. */
export type Address = IPv4Address | IPv6Address;

// RFC 6874 section 2: a zone is made of unreserved characters.
const ZONE = /^[\w.~-]+$/;

/**
 * Reads an address as sockets and proxies write it. A zone (`fe80::1%eth0`) is dropped: it says which
 * of our interfaces, not who asks.
 */
export function parseAddress(text: string): Address | undefined {
  const value = parseIPv4(text);
  if (value !== undefined) return { kind: 4, value };
  const words = parseIPv6(withoutZone(text));
  if (words === undefined) return undefined;
  return isMapped(words) ? { kind: 4, value: words[3] } : { kind: 6, words };
}

function withoutZone(text: string): string {
  const mark = text.indexOf('%');
  if (mark === -1) return text;
  return ZONE.test(text.slice(mark + 1)) ? text.slice(0, mark) : '';
}

/** Whether these bits are an IPv4 address as a dual-stack socket reports it (RFC 4291 section 2.5.5.2). */
export function isMapped(words: Words): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

export function formatAddress(address: Address): string {
  return address.kind === 4 ? formatIPv4(address.value) : formatIPv6(address.words);
}
