// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { prefix } from '../../../test/support/addresses.ts';
import { diffRanges } from './range-diff.ts';
import type { RangeEntry } from './range-feeds/range-feed.ts';
import { guardRanges } from './range-guard.ts';

const LIMITS = { maxMoved: 0.2, maxAdded: 1, shortestIPv4: 8, shortestIPv6: 16 };

function feed(...prefixes: readonly string[]): readonly RangeEntry[] {
  return prefixes.map((text) => ({ prefix: prefix(text), value: { cloud: 'aws', region: 'a' } }));
}

function refusal(before: readonly RangeEntry[], after: readonly RangeEntry[]): readonly string[] {
  return guardRanges(after, diffRanges(before, after), LIMITS);
}

describe('a feed is refused', () => {
  test.each([
    {
      name: 'when it is empty',
      before: feed('192.0.2.0/24'),
      after: feed(),
      reasons: ['it is empty'],
    },
    {
      name: 'when too much of it vanished',
      before: feed('192.0.2.0/24'),
      after: feed('192.0.2.0/25'),
      reasons: ['50 % of its IPv4 addresses moved or vanished: at most 20 % may'],
    },
    {
      name: 'when one address more than a fifth of it moved',
      before: feed('10.0.0.0/16'),
      // 52,428 of 65,536 stay
      after: feed(
        ...['10.0.0.0/17', '10.0.128.0/18', '10.0.192.0/21', '10.0.200.0/22', '10.0.204.0/25'],
        ...['10.0.204.128/26', '10.0.204.192/29', '10.0.204.200/30'],
      ),
      reasons: ['20.1 % of its IPv4 addresses moved or vanished: at most 20 % may'],
    },
    {
      name: 'when it claims much that it did not have',
      before: feed('2001:db8::/32'),
      after: feed('2001:db8::/32', '2001:db9::/30'),
      reasons: ['it grew by 300 % of its IPv6 addresses: at most 100 % may be new'],
    },
    {
      name: 'when a prefix is absurdly short',
      before: feed('10.0.0.0/8', '2000::/16'),
      after: feed('10.0.0.0/7', '2000::/15'),
      reasons: [
        "10.0.0.0/7 is wider than any cloud's: at most /8 is believed",
        "2000::/15 is wider than any cloud's: at most /16 is believed",
      ],
    },
  ])('$name', ({ before, after, reasons }) => {
    expect(refusal(before, after)).toEqual(reasons);
  });

  test('naming no more prefixes than anybody reads', () => {
    const wide = feed(
      '0.0.0.0/4',
      '16.0.0.0/4',
      '32.0.0.0/4',
      '48.0.0.0/4',
      '64.0.0.0/4',
      '80.0.0.0/4',
    );
    const reasons = guardRanges([...wide, ...wide], undefined, LIMITS);
    expect(reasons).toHaveLength(6);
    expect(reasons.at(-1)).toBe('and 7 more such prefixes');
  });
});

describe('a feed is believed', () => {
  test.each([
    {
      name: 'when a fifth of it moved',
      before: feed('10.0.0.0/32', '10.0.0.2/32', '10.0.0.4/32', '10.0.0.6/32', '10.0.0.8/32'),
      after: feed('10.0.0.0/32', '10.0.0.2/32', '10.0.0.4/32', '10.0.0.6/32'),
    },
    { name: 'when it doubles', before: feed('10.0.0.0/9'), after: feed('10.0.0.0/8') },
    {
      name: 'when it gets its first IPv6 prefixes',
      before: feed('10.0.0.0/8'),
      after: feed('10.0.0.0/8', '2000::/16'),
    },
  ])('$name', ({ before, after }) => {
    expect(refusal(before, after)).toEqual([]);
  });

  test('when it is the first', () => {
    expect(guardRanges(feed('10.0.0.0/8'), undefined, LIMITS)).toEqual([]);
  });
});
