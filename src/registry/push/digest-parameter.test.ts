// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_DIGESTS } from '../../../test/support/digest-corpus.ts';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseQueryValues } from '../../core/oci/query-values.ts';
import { digestOf } from '../store/verify-body.ts';
import { digestParameter, requireDigest } from './digest-parameter.ts';

function read(query: string) {
  return digestParameter(parseQueryValues(query) ?? new Map(), 'digest');
}

test.each(['sha256', 'sha512'] as const)(
  'a digest is read, its colon encoded or not: %s',
  (name) => {
    const digest = digestOf('x', name);
    expect(read(`?digest=${digest}`)).toBe(digest);
    expect(read(`?state=1&digest=${encodeURIComponent(digest)}`)).toBe(digest);
    expect(read('?other=1')).toBeUndefined();
  },
);

test('an upload is not finished without one', () => {
  expect(() => requireDigest(new Map())).toThrow(
    expect.objectContaining({ code: 'DIGEST_INVALID' }),
  );
});

test('threat 16: nothing that is almost a digest is one', () => {
  const digest = digestOf('x');
  const letter = fc.constantFrom('a', 'F', 'g', '/', '.', ':', '%', '\0', '\n', '\u0430', '-');
  const broken = fc.oneof(
    fc.constantFrom(...NO_DIGESTS.map(([, text]) => text)),
    fc
      .tuple(fc.nat(digest.length), letter)
      .map(([place, added]) => digest.slice(0, place) + added + digest.slice(place)),
    fc.nat(digest.length - 1).map((place) => digest.slice(0, place) + digest.slice(place + 1)),
    fc.string({ unit: 'binary', maxLength: 80 }).filter((text) => text.isWellFormed()),
  );
  fc.assert(
    fc.property(broken, fc.boolean(), (text, isFirst) => {
      const refused = expect.objectContaining({ code: 'DIGEST_INVALID' });
      const one = `digest=${encodeURIComponent(text)}`;
      expect(() => read(`?${one}`)).toThrow(refused);
      const both = isFirst ? `?${one}&digest=${digest}` : `?digest=${digest}&${one}`;
      expect(() => read(both)).toThrow(refused);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
