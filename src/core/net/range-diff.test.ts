// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prefix } from '../../../test/support/addresses.ts';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import type { CloudRegion } from './cloud-region.ts';
import { formatPrefix, prefixContains } from './prefix.ts';
import { diffRanges, type RangeDiff, shareAdded, shareMoved } from './range-diff.ts';
import type { RangeEntry } from './range-feeds/range-feed.ts';

/** `{ '192.0.2.0/24': 'aws/eu-west-1' }` as entries. */
function entriesOf(places: Readonly<Record<string, string>>): readonly RangeEntry[] {
  return Object.entries(places).map(([text, place]) => {
    const [cloud = '', region = ''] = place.split('/');
    return { prefix: prefix(text), value: { cloud, region } };
  });
}

function linesOf({ changes }: RangeDiff): readonly string[] {
  const shown = (place: CloudRegion | undefined) =>
    place === undefined ? '-' : `${place.cloud}/${place.region}`;
  return changes.map(
    ({ prefix, from, to }) => `${formatPrefix(prefix)} ${shown(from)} ${shown(to)}`,
  );
}

describe('two copies of a feed are compared by their addresses', () => {
  test.each([
    {
      name: 'a block cut in two is no change',
      before: { '192.0.2.0/24': 'aws/a' },
      after: { '192.0.2.0/25': 'aws/a', '192.0.2.128/25': 'aws/a' },
      ipv4: { before: 256, moved: 0, gone: 0, added: 0 },
      lines: [],
    },
    {
      name: 'half of a block moves',
      before: { '192.0.2.0/24': 'aws/a' },
      after: { '192.0.2.0/24': 'aws/a', '192.0.2.128/25': 'aws/b' },
      ipv4: { before: 256, moved: 128, gone: 0, added: 0 },
      lines: ['192.0.2.128/25 aws/a aws/b'],
    },
    {
      name: 'a region of the same name in another cloud is another place',
      before: { '192.0.2.0/24': 'aws/a' },
      after: { '192.0.2.0/24': 'gcp/a' },
      ipv4: { before: 256, moved: 256, gone: 0, added: 0 },
      lines: ['192.0.2.0/24 aws/a gcp/a'],
    },
    {
      name: 'one block goes, one comes, at the ends of the line',
      before: { '0.0.0.0/24': 'aws/a' },
      after: { '255.255.255.0/25': 'aws/a' },
      ipv4: { before: 256, moved: 0, gone: 256, added: 128 },
      lines: ['0.0.0.0/24 aws/a -', '255.255.255.0/25 - aws/a'],
    },
    {
      name: 'neighbours that change alike are one stretch, said in the fewest prefixes',
      before: { '192.0.2.0/26': 'aws/a', '192.0.2.64/26': 'aws/a', '192.0.2.128/26': 'aws/a' },
      after: {},
      ipv4: { before: 192, moved: 0, gone: 192, added: 0 },
      lines: ['192.0.2.0/25 aws/a -', '192.0.2.128/26 aws/a -'],
    },
    {
      name: 'neighbours that change otherwise are two',
      before: { '192.0.2.0/26': 'aws/a', '192.0.2.64/26': 'aws/b' },
      after: { '192.0.2.0/25': 'aws/c' },
      ipv4: { before: 128, moved: 128, gone: 0, added: 0 },
      lines: ['192.0.2.0/26 aws/a aws/c', '192.0.2.64/26 aws/b aws/c'],
    },
  ])('$name', ({ before, after, ipv4, lines }) => {
    const diff = diffRanges(entriesOf(before), entriesOf(after));
    expect(diff.ipv4).toEqual(ipv4);
    expect(linesOf(diff)).toEqual(lines);
  });

  test('IPv6 is counted apart, and written as IPv6', () => {
    const diff = diffRanges(
      entriesOf({ '2001:db8::/32': 'aws/a', '192.0.2.0/24': 'aws/a' }),
      entriesOf({
        '2001:db8::/32': 'aws/a',
        '2001:db8:8000::/33': 'aws/b',
        '192.0.2.0/24': 'aws/a',
      }),
    );
    expect(diff.ipv4).toEqual({ before: 256, moved: 0, gone: 0, added: 0 });
    expect(diff.ipv6).toEqual({ before: 2 ** 96, moved: 2 ** 95, gone: 0, added: 0 });
    expect(linesOf(diff)).toEqual(['2001:db8:8000::/33 aws/a aws/b']);
  });

  test('of many changes the widest are said, in the order of addresses, and the others counted', () => {
    const after = {
      '192.0.2.0/26': 'aws/a',
      '192.0.3.0/25': 'aws/a',
      '192.0.4.0/24': 'aws/a',
      '192.0.6.0/25': 'aws/a',
    };
    const diff = diffRanges([], entriesOf(after), 2);
    expect(linesOf(diff)).toEqual(['192.0.3.0/25 - aws/a', '192.0.4.0/24 - aws/a']);
    expect(diff.omitted).toBe(2);
  });
});

test('shares are of what was there before, and 0 where nothing was', () => {
  expect(shareMoved({ before: 200, moved: 30, gone: 20, added: 9 })).toBe(0.25);
  expect(shareAdded({ before: 200, moved: 30, gone: 20, added: 300 })).toBe(1.5);
  expect(shareMoved({ before: 0, moved: 0, gone: 0, added: 9 })).toBe(0);
  expect(shareAdded({ before: 0, moved: 0, gone: 0, added: 9 })).toBe(0);
});

describe('beside a loop over every address', () => {
  const BASE = 0xc0000200;
  const places = ['aws/a', 'aws/b', 'gcp/a'].map((place) => {
    const [cloud = '', region = ''] = place.split('/');
    return { cloud, region };
  });
  const entry = fc
    .tuple(fc.nat(255), fc.integer({ min: 24, max: 32 }), fc.constantFrom(...places))
    .map(([offset, length, value]): RangeEntry => {
      const at = (BASE + offset - (offset % 2 ** (32 - length))) >>> 0;
      return { prefix: { kind: 4, value: at, length }, value: { ...value } };
    });
  const feeds = fc.array(entry, { maxLength: 8 });

  /** The longest prefix wins, of equal ones the first. */
  function placeOf(entries: readonly RangeEntry[], value: number): string {
    const holding = entries.filter(({ prefix }) => prefixContains(prefix, { kind: 4, value }));
    const [best] = holding.sort((a, b) => b.prefix.length - a.prefix.length);
    return best === undefined ? '-' : `${best.value.cloud}/${best.value.region}`;
  }

  test('the sums and the changes are the same', () => {
    fc.assert(
      fc.property(feeds, feeds, (before, after) => {
        const points = Array.from({ length: 256 }, (_, offset) => {
          const value = BASE + offset;
          return { value, from: placeOf(before, value), to: placeOf(after, value) };
        });
        const changed = points.filter(({ from, to }) => from !== to);
        const diff = diffRanges(before, after, 256);
        expect(diff.ipv4).toEqual({
          before: points.filter(({ from }) => from !== '-').length,
          moved: changed.filter(({ from, to }) => from !== '-' && to !== '-').length,
          gone: changed.filter(({ to }) => to === '-').length,
          added: changed.filter(({ from }) => from === '-').length,
        });
        const said = points.filter(({ value }) =>
          diff.changes.some(({ prefix }) => prefixContains(prefix, { kind: 4, value })),
        );
        expect(said).toEqual(changed);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
