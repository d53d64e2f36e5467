// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { prefix } from '../../../test/support/addresses.ts';
import { prefixesBetween } from './range-space.ts';
import { statsOfRanges } from './range-stats.ts';

test('an address counts for the region where a lookup finds it', () => {
  const entries = [
    ['192.0.2.0/24', 'b'],
    ['192.0.2.128/25', 'a'],
    ['192.0.2.128/25', 'b'],
    ['255.255.255.0/24', 'a'],
    ['2001:db8::/32', 'b'],
    ['198.51.100.0/32', 'c'],
    ['192.0.3.0/32', 'a'],
  ].map(([text = '', region = '']) => ({ prefix: prefix(text), value: { cloud: 'aws', region } }));
  expect(statsOfRanges(entries)).toEqual([
    { cloud: 'aws', region: 'a', prefixes: 3, ipv4: 385, ipv6: 0 },
    { cloud: 'aws', region: 'b', prefixes: 3, ipv4: 128, ipv6: 2 ** 96 },
    { cloud: 'aws', region: 'c', prefixes: 1, ipv4: 1, ipv6: 0 },
  ]);
});

test('all addresses are one prefix', () => {
  expect(prefixesBetween(4, 0n, 2n ** 32n - 1n)).toEqual([prefix('0.0.0.0/0')]);
  expect(prefixesBetween(6, 0n, 2n ** 128n - 1n)).toEqual([prefix('::/0')]);
});
