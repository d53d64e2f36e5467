// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { type DigestSet, digestSet, isSameSet, isSorted, placeOf } from './digest-set.ts';
import { type Holdings, isHeldBy, NO_HOLDINGS, withBackend, withoutBackend } from './holdings.ts';

function setOf(hexes: readonly string[]): DigestSet {
  const sorted = [...new Set(hexes.map((hex) => hex.slice(0, 20)))].sort();
  const set = digestSet(sorted.length);
  for (const [place, hex] of sorted.entries()) {
    set.high[place] = Number.parseInt(hex.slice(0, 8), 16);
    set.middle[place] = Number.parseInt(hex.slice(8, 16), 16);
    set.low[place] = Number.parseInt(hex.slice(16, 20), 16);
  }
  return set;
}

// Few distinct parts, so that digests often share their beginnings.
const part = fc.constantFrom(
  '00000000',
  '00000001',
  '7fffffff',
  '80000000',
  'ffffffff',
  'abcdef01',
);
const hex = fc
  .tuple(part, part, fc.constantFrom('0000', '0001', 'ffff'))
  .map((parts) => parts.join('').padEnd(64, '0'));
const hexes = fc.array(hex, { maxLength: 40 });

test('a digest is found when it is in the set, and only then', () => {
  fc.assert(
    fc.property(hexes, hex, (held, asked) => {
      expect(placeOf(setOf(held), asked) !== -1).toBe(held.includes(asked));
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('a digest is found in a set of any shape that is larger than a guess is wrong by', () => {
  const lopsided = fc.tuple(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer({ min: 40 }));
  fc.assert(
    fc.property(lopsided, fc.integer({ min: 0, max: 299 }), ([reach, salt], asked) => {
      const numbers = Array.from({ length: 300 }, (_, n) => ((n * salt) % reach) + (n % 2) * 7);
      const held = numbers.map((n) => (n >>> 0).toString(16).padStart(8, '0').padEnd(64, '1'));
      const set = setOf(held);
      expect(placeOf(set, held[asked] ?? '')).not.toBe(-1);
      expect(placeOf(set, (held[asked] ?? '').replaceAll('1', '2'))).toBe(-1);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('whichever way backends are added, each digest is held by exactly those that hold it', () => {
  const backends = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), hexes), { maxLength: 6 });
  fc.assert(
    fc.property(backends, hexes, (added, asked) => {
      const holdings = added.reduce<Holdings>(
        (sofar, [backend, held]) => withBackend(sofar, backend, setOf(held)),
        NO_HOLDINGS,
      );
      expect(isSorted(holdings.digests)).toBe(true);
      for (const digest of [...asked, ...added.flatMap(([, held]) => held)]) {
        for (const backend of ['a', 'b', 'c', 'd', 'e']) {
          const expected = added.some(([name, held]) => name === backend && held.includes(digest));
          expect(isHeldBy(holdings, digest, backend)).toBe(expected);
        }
      }
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('a backend that is taken out leaves the others as they were', () => {
  fc.assert(
    fc.property(hexes, hexes, hexes, (a, b, c) => {
      const all = [a, b, c].reduce<Holdings>(
        (sofar, held, number) => withBackend(sofar, 'abc'.charAt(number), setOf(held)),
        NO_HOLDINGS,
      );
      const left = withoutBackend(all, 'b');
      expect(left.digests.size).toBe(setOf([...a, ...c]).size);
      for (const digest of [...a, ...b, ...c]) {
        expect(isHeldBy(left, digest, 'a')).toBe(a.includes(digest));
        expect(isHeldBy(left, digest, 'b')).toBe(false);
        expect(isHeldBy(left, digest, 'c')).toBe(c.includes(digest));
      }
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('taking out and adding again, a thousand times, leaves no groups behind', () => {
  const [one, two] = [setOf(['11'.repeat(32)]), setOf(['11'.repeat(32), '22'.repeat(32)])];
  let holdings = withBackend(withBackend(NO_HOLDINGS, 'a', one), 'b', two);
  for (let round = 0; round < 1_000; round += 1) {
    holdings = withBackend(withoutBackend(holdings, 'a'), 'a', round % 2 === 0 ? two : one);
  }
  expect(holdings.groups.length).toBeLessThanOrEqual(2);
});

test('backends that hold the same share one group and the same set', () => {
  const held = setOf(['11'.repeat(32), '22'.repeat(32)]);
  const one = withBackend(NO_HOLDINGS, 'a', held);
  const forty = Array.from({ length: 40 }, (_, n) => `b${n}`).reduce(
    (holdings, backend) => withBackend(holdings, backend, held),
    one,
  );
  expect(forty.digests).toBe(one.digests);
  expect(forty.groups).toHaveLength(1);
  expect(isHeldBy(forty, '11'.repeat(32), 'b39')).toBe(true);
});

test('more groups than 16 bits can number are kept apart', () => {
  const count = 2 ** 16 + 2;
  const digestAt = (number: number) => number.toString(16).padStart(8, '0').padEnd(64, '0');
  const numbers = Array.from({ length: count }, (_, number) => number);
  const each: Holdings = {
    digests: setOf(numbers.map(digestAt)),
    groupOf: Uint32Array.from(numbers),
    groups: numbers.map((number) => new Set([`b${number}`])),
  };
  const holdings = withBackend(each, 'z', setOf([digestAt(0)]));
  expect(holdings.groups).toHaveLength(count);
  for (const number of [0, 1, 65_535, 65_536, 65_537]) {
    const holders = ['b0', 'b1', `b${number}`, 'z'].map((name) =>
      isHeldBy(holdings, digestAt(number), name),
    );
    expect(holders).toEqual([number === 0, number === 1, true, number === 0]);
  }
});

test('what a result was made from stays as it is', () => {
  const before = withBackend(NO_HOLDINGS, 'a', setOf(['11'.repeat(32)]));
  withBackend(before, 'b', setOf(['11'.repeat(32)]));
  withBackend(before, 'c', setOf(['00'.repeat(32)]));
  expect(isHeldBy(before, '11'.repeat(32), 'a')).toBe(true);
  expect(isHeldBy(before, '11'.repeat(32), 'b')).toBe(false);
  expect(before.groups).toHaveLength(1);
});

test('sets are compared by what they hold', () => {
  const set = setOf(['11'.repeat(32), '22'.repeat(32)]);
  expect(isSameSet(set, setOf(['22'.repeat(32), '11'.repeat(32)]))).toBe(true);
  expect(isSameSet(set, setOf(['22'.repeat(32), '33'.repeat(32)]))).toBe(false);
  expect(isSameSet(set, setOf(['22'.repeat(32)]))).toBe(false);
  const twice = digestSet(2);
  expect(isSorted(twice)).toBe(false);
});
