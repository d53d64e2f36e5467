// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { isPublicAddress } from './public-address.ts';

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.0',
  '100.63.255.255',
  '168.63.129.15',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001::1',
  '::ffff:8.8.8.8',
  '::ffff:808:808',
  '64:ff9b::8.8.8.8',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['loopback', '::1'],
  ['loopback, mapped', '::ffff:127.0.0.1'],
  ['loopback, mapped', '::ffff:7f00:1'],
  ['loopback, behind NAT64', '64:ff9b::127.0.0.1'],
  ['loopback, 6to4', '2002:7f00:1::'],
  ['loopback, compatible', '::127.0.0.1'],
  ['unspecified', '0.0.0.0'],
  ['unspecified', '::'],
  ['private', '10.0.0.1'],
  ['private', '172.16.0.1'],
  ['private', '172.31.255.255'],
  ['private', '192.168.1.1'],
  ['private, behind NAT64', '64:ff9b::a00:1'],
  ['unique local', 'fd12:3456::1'],
  ['unique local', 'fc00::1'],
  ['shared', '100.64.0.1'],
  ['link-local', '169.254.1.1'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['metadata of most clouds', '169.254.169.254'],
  ['metadata, mapped', '::ffff:169.254.169.254'],
  ['metadata, behind NAT64', '64:ff9b::a9fe:a9fe'],
  ['metadata of AWS', 'fd00:ec2::254'],
  ['metadata of GCP', 'fd20:ce::254'],
  ['metadata of Alibaba', '100.100.100.200'],
  ['metadata of Oracle', '192.0.0.192'],
  ['metadata of Azure', '168.63.129.16'],
  ['documentation', '192.0.2.7'],
  ['documentation', '2001:db8::1'],
  ['documentation', '3fff::1'],
  ['multicast', '224.0.0.1'],
  ['multicast', 'ff02::1'],
  ['broadcast', '255.255.255.255'],
  ['reserved', '240.0.0.1'],
  ['Teredo', '2001::1'],
  ['no address', 'localhost'],
  ['no address', '0x7f.1'],
  ['no address', ''],
])('threat 5: %s is not public: %s', (_name, address) => {
  expect(isPublicAddress(address)).toBe(false);
});
