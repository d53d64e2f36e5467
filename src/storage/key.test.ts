// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../test/support/property-runs.ts';
import { byUtf8 } from '../../test/support/storage-reading.ts';
import { compareKeys } from './key.ts';

test('keys are ordered as their bytes are', () => {
  const key = fc.string({
    unit: fc.constantFrom('a', 'b', '/', 'é', '\uffee', '\u{1f600}', '\u{1f601}'),
  });
  fc.assert(
    fc.property(key, key, (one, other) => {
      expect(Math.sign(compareKeys(one, other))).toBe(byUtf8(one, other));
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
