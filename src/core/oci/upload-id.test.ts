// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseUploadId } from './upload-id.ts';

test('an upload id is 32 lower-case hexadecimal digits', () => {
  const id = '0123456789abcdef'.repeat(2);
  expect(parseUploadId(id)).toBe(id);
});

test('threat 20: nothing that could lead elsewhere is an upload id', () => {
  const alphabet = fc.constantFrom('.', '/', '\\', '%', 'A', 'g', '-', '\0', '\n', ' ', 'a', '0');
  fc.assert(
    fc.property(fc.string({ unit: alphabet, maxLength: 40 }), fc.nat(31), (text, place) => {
      const almost = `${'a'.repeat(place)}${text}`.slice(0, 32).padEnd(32, 'a');
      const isHex = [...almost].every((letter) => '0123456789abcdef'.includes(letter));
      expect(parseUploadId(almost)).toBe(isHex ? almost : undefined);
      expect(parseUploadId(`${'a'.repeat(32)}${text}`)).toBe(
        text === '' ? 'a'.repeat(32) : undefined,
      );
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
