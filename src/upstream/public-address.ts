// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net';

/** https://www.iana.org/assignments/iana-ipv4-special-registry, and what clouds keep for themselves. */
const NOT_PUBLIC_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's metadata and health service: looks public, answers only from within
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;

/** https://www.iana.org/assignments/iana-ipv6-special-registry: the exceptions within 2000::/3. */
const NOT_PUBLIC_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

/** Where IPv4 lives within IPv6: behind a NAT64 every IPv4 host has such an address, the private ones too. */
const NAT64 = { prefix: '64:ff9b::', length: 96 };

const publicIPv6 = new BlockList();
publicIPv6.addSubnet('2000::', 3, 'ipv6');
publicIPv6.addSubnet(NAT64.prefix, NAT64.length, 'ipv6');
publicIPv6.addSubnet('::ffff:0:0', 96, 'ipv6');

// A block list looks at an IPv4-mapped address as the IPv4 address it stands for.
const notPublic = new BlockList();
for (const [prefix, length] of NOT_PUBLIC_IPV4) {
  notPublic.addSubnet(prefix, length, 'ipv4');
  notPublic.addSubnet(`${NAT64.prefix}${prefix}`, NAT64.length + length, 'ipv6');
}
for (const [prefix, length] of NOT_PUBLIC_IPV6) notPublic.addSubnet(prefix, length, 'ipv6');

/** Whether anybody on the internet could reach this address: no loopback, private, link-local or metadata address. */
export function isPublicAddress(address: string): boolean {
  if (address.includes('%')) return false; // a zone: link-local by its nature
  switch (isIP(address)) {
    case 4:
      return !notPublic.check(address, 'ipv4');
    case 6:
      return publicIPv6.check(address, 'ipv6') && !notPublic.check(address, 'ipv6');
    default:
      return false;
  }
}
