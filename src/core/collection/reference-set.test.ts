// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import type { Digest } from '../oci/digest.ts';
import { referenceSet } from './reference-set.ts';

const hex = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom('000000', '000001', 'ffffff'))
  .map(([number, middle]) => `${number.toString(16).padStart(6, '0')}${middle}`.padEnd(64, '0'));
const entry = fc.record({
  digest: hex.map((text) => `sha256:${text}` as Digest),
  repository: fc.constantFrom('', 'a', 'b', 'team/app'),
});

test('holds what was added, in the repository it was added for, and nothing else', () => {
  const check = fc.property(fc.array(entry), fc.array(entry), (added, asked) => {
    const set = referenceSet();
    const model = new Set<string>();
    for (const { digest, repository } of added) {
      set.add(digest, repository);
      model.add(`${repository} ${digest}`);
    }
    expect(set.size()).toBe(model.size);
    for (const { digest, repository } of [...added, ...asked]) {
      expect(set.has(digest, repository)).toBe(model.has(`${repository} ${digest}`));
    }
  });
  fc.assert(check, { numRuns: PROPERTY_RUNS });
});

test('grows far beyond what it has room for at first', () => {
  const set = referenceSet();
  const digests = Array.from({ length: 5_000 }, (_, place) => {
    const text = (place * 0x9e3779b1).toString(16).padStart(14, '0');
    return `sha512:${text.padEnd(128, '7')}` as Digest;
  });
  for (const digest of digests) set.add(digest);
  expect(set.size()).toBe(5_000);
  expect(digests.every((digest) => set.has(digest))).toBe(true);
  expect(set.has(`sha256:${'e'.repeat(64)}` as Digest)).toBe(false);
});
