// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { address, addresses, prefix } from '../../../test/support/addresses.ts';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { type Prefix, prefixContains } from './prefix.ts';
import { buildPrefixTable, type PrefixEntry } from './prefix-table.ts';

function tableOf(entries: Readonly<Record<string, string>>) {
  return buildPrefixTable(
    Object.entries(entries).map(([text, value]) => ({ prefix: prefix(text), value })),
  );
}

describe('the longest prefix wins', () => {
  const table = tableOf({
    '192.0.2.0/24': 'block',
    '192.0.2.64/26': 'part',
    '192.0.2.64/32': 'one',
    '192.0.3.0/24': 'next',
    '255.255.255.0/24': 'end',
    '2001:db8::/32': 'six',
    '2001:db8:0:1::/64': 'net',
    '2001:db8::5/128': 'host',
    '2001:db8:1:2:3:4:ffff:ffff/128': 'carry',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00/120': 'last',
  });

  test.each([
    ['192.0.1.255', undefined],
    ['192.0.2.0', 'block'],
    ['192.0.2.63', 'block'],
    ['192.0.2.64', 'one'],
    ['192.0.2.65', 'part'],
    ['192.0.2.127', 'part'],
    ['192.0.2.128', 'block'],
    ['192.0.2.255', 'block'],
    ['192.0.3.0', 'next'],
    ['192.0.4.0', undefined],
    ['0.0.0.0', undefined],
    ['255.255.255.255', 'end'],
    ['::ffff:192.0.2.65', 'part'],
    ['2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', undefined],
    ['2001:db8::', 'six'],
    ['2001:db8::5', 'host'],
    ['2001:db8::6', 'six'],
    ['2001:db8:0:1::9', 'net'],
    ['2001:db8:0:2::', 'six'],
    ['2001:db8:1:2:3:4:ffff:ffff', 'carry'],
    ['2001:db8:1:2:3:5::', 'six'],
    ['2001:db9::', undefined],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'last'],
  ])('%s is in %s', (text, expected) => {
    expect(table.lookup(address(text))).toBe(expected);
  });

  test('an IPv4 address may be asked for as a number', () => {
    expect(table.lookup4(0xc0000241)).toBe('part');
    expect(table.lookup4(0xffffffff)).toBe('end');
    expect(table.lookup4(0)).toBeUndefined();
  });
});

test('of two equal prefixes the first wins', () => {
  const table = buildPrefixTable([
    { prefix: prefix('192.0.2.0/24'), value: 'static' },
    { prefix: prefix('192.0.2.9/24'), value: 'feed' },
    { prefix: prefix('::ffff:192.0.2.0/120'), value: 'mapped' },
    { prefix: prefix('192.0.2.255'), value: 'one' },
    { prefix: prefix('192.0.2.255/32'), value: 'the same' },
  ]);
  expect(table.lookup(address('192.0.2.1'))).toBe('static');
  expect(table.lookup(address('192.0.3.0'))).toBeUndefined();
  expect(table.lookup(address('192.0.2.255'))).toBe('one');
  expect(table.size).toBe(5);
});

test('a default of one family says nothing of the other', () => {
  expect(tableOf({ '0.0.0.0/0': 'four' }).lookup(address('::1'))).toBeUndefined();
  expect(tableOf({ '::/0': 'six' }).lookup(address('192.0.2.1'))).toBeUndefined();
});

test('an empty table finds nothing', () => {
  const table = buildPrefixTable([]);
  expect(table.lookup(address('192.0.2.1'))).toBeUndefined();
  expect(table.lookup(address('2001:db8::1'))).toBeUndefined();
  expect(table.size).toBe(0);
});

test('more ranges than 16 bits can number', () => {
  const entries = Array.from({ length: 40_000 }, (_, index) => ({
    prefix: { kind: 4, value: index * 100_000, length: 32 } as const,
    value: index,
  }));
  const table = buildPrefixTable(entries);
  expect(table.lookup4(39_999 * 100_000)).toBe(39_999);
  expect(table.lookup4(39_999 * 100_000 + 1)).toBeUndefined();
  expect(table.lookup4(0)).toBe(0);
});

describe('beside a loop over all prefixes', () => {
  // Prefixes of all lengths around few addresses: they nest, touch and repeat each other.
  const centres = fc.array(addresses, { minLength: 1, maxLength: 4 });
  const shortened = fc.oneof(fc.nat(2), fc.nat(128));
  const picks = fc.array(fc.tuple(fc.nat(), shortened, fc.nat(3)), { maxLength: 24 });

  function entriesAround(around: readonly Address[], picked: readonly number[][]) {
    return picked.flatMap(([choice = 0, shortening = 0, value = 0]): PrefixEntry<number>[] => {
      const centre = formatAddress(around[choice % around.length] ?? address('::'));
      const longest = centre.includes(':') ? 128 : 32;
      return [{ prefix: prefix(`${centre}/${longest - (shortening % (longest + 1))}`), value }];
    });
  }

  /** The first and last address of each prefix, and their neighbours outside. */
  function borders(block: Prefix): Address[] {
    const bits = block.kind === 4 ? 32n : 128n;
    const words: readonly number[] = block.kind === 4 ? [block.value] : block.words;
    const first = words.reduce<bigint>((sum, word) => (sum << 32n) | BigInt(word), 0n);
    const size = 1n << (bits - BigInt(block.length));
    return [first - 1n, first, first + size - 1n, first + size].flatMap((point) =>
      addressAt(BigInt.asUintN(Number(bits), point), bits),
    );
  }

  function addressAt(point: bigint, bits: bigint): Address[] {
    const hex = point.toString(16).padStart(Number(bits) / 4, '0');
    const text =
      bits === 32n ? `::ffff:${hex.slice(0, 4)}:${hex.slice(4)}` : hex.replace(/.{4}(?=.)/g, '$&:');
    const found = parseAddress(text);
    return found === undefined ? [] : [found];
  }

  function bruteForce(entries: readonly PrefixEntry<number>[], asked: Address) {
    let best: PrefixEntry<number> | undefined;
    for (const entry of entries.filter(({ prefix: block }) => prefixContains(block, asked))) {
      best = best === undefined || entry.prefix.length > best.prefix.length ? entry : best;
    }
    return best?.value;
  }

  test('finds the same', () => {
    fc.assert(
      fc.property(centres, picks, fc.array(addresses), (around, picked, others) => {
        const entries = entriesAround(around, picked);
        const table = buildPrefixTable(entries);
        const asked = [
          ...around,
          ...others,
          ...entries.flatMap(({ prefix: block }) => borders(block)),
        ];
        expect(asked.map(table.lookup)).toEqual(asked.map((one) => bruteForce(entries, one)));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
