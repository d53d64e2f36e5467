// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { address, addresses, prefix } from '../../../test/support/addresses.ts';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { formatAddress } from './address.ts';
import { formatPrefix, parsePrefix, prefixContains, prefixOf } from './prefix.ts';

describe('parsePrefix', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['192.0.2.7/24', '192.0.2.0/24'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['255.255.255.255/0', '0.0.0.0/0'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['2001:db8:ffff::1/33', '2001:db8:8000::/33'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65', 'ffff:ffff:ffff:ffff:8000::/65'],
    ['::/0', '::/0'],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['::ffff:0:0/95', '::fffe:0:0/95'],
  ])('reads %s as %s', (text, expected) => {
    expect(formatPrefix(prefix(text))).toBe(expected);
  });

  test.each([
    '',
    '/',
    '/8',
    '192.0.2.0/',
    '192.0.2.0/33',
    '192.0.2.0/08',
    '192.0.2.0/+8',
    '192.0.2.0/1e1',
    '192.0.2.0/24/24',
    '192.0.2.0/255.255.255.0',
    '192.0.2/24',
    '2001:db8::/129',
    '2001:db8::/-1',
    '::ffff:192.0.2.0/129',
    'fe80::1%eth0/64',
  ])('refuses "%s"', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });
});

describe('prefixContains', () => {
  test.each([
    { block: '192.0.2.0/24', inside: '192.0.2.255', outside: '192.0.3.0' },
    { block: '128.0.0.0/1', inside: '255.255.255.255', outside: '127.255.255.255' },
    { block: '192.0.2.1/32', inside: '192.0.2.1', outside: '192.0.2.0' },
    { block: '192.0.2.0/24', inside: '::ffff:192.0.2.9', outside: '::192.0.2.9' },
    { block: '0.0.0.0/0', inside: '203.0.113.9', outside: '2001:db8::1' },
    { block: '::/0', inside: '2001:db8::1', outside: '203.0.113.9' },
    { block: '2001:db8::/33', inside: '2001:db8:7fff::', outside: '2001:db8:8000::' },
    { block: '2001:db8:0:1::/64', inside: '2001:db8:0:1:ffff::', outside: '2001:db8:0:2::' },
    { block: '2001:db8::4/126', inside: '2001:db8::7', outside: '2001:db8::8' },
    { block: '::ffff:0:0/95', inside: '::fffe:0:1', outside: '192.0.2.1' },
  ])('$block holds $inside and not $outside', ({ block, inside, outside }) => {
    expect(prefixContains(prefix(block), address(inside))).toBe(true);
    expect(prefixContains(prefix(block), address(outside))).toBe(false);
  });

  test('agrees with ipaddr.js', () => {
    const lengths = fc.nat(128);
    fc.assert(
      fc.property(addresses, addresses, lengths, lengths, (a, shared, length, turned) => {
        const own = a.kind === 4 ? length % 33 : length;
        const block = prefix(`${formatAddress(a)}/${own}`);
        // Half of the addresses share their first bits with the prefix: others hardly ever lie in it.
        const near = turned % 2 === 0 ? a : shared;
        const network = ipaddr.parseCIDR(`${formatAddress(a)}/${own}`);
        const theirs = ipaddr.parse(formatAddress(near));
        const expected = theirs.kind() === network[0].kind() && theirs.match(network);
        expect(prefixContains(block, near)).toBe(expected);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

test('formatPrefix writes what parsePrefix reads back', () => {
  fc.assert(
    fc.property(addresses, fc.nat(128), (a, length) => {
      const block = prefix(`${formatAddress(a)}/${a.kind === 4 ? length % 33 : length}`);
      expect(parsePrefix(formatPrefix(block))).toEqual(block);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('prefixOf is the block that the text of an address and a length stand for', () => {
  fc.assert(
    fc.property(addresses, fc.nat(128), (a, length) => {
      const own = a.kind === 4 ? length % 33 : length;
      expect(prefixOf(a, own)).toEqual(prefix(`${formatAddress(a)}/${own}`));
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
