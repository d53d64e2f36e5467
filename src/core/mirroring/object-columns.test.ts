// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { objectColumns } from './object-columns.ts';
import type { WantedObject } from './wanted-object.ts';

function digest(algorithm: 'sha256' | 'sha512', hex: string): Digest {
  const length = algorithm === 'sha256' ? 64 : 128;
  return parseDigest(`${algorithm}:${hex.padStart(length, '0')}`) ?? expect.fail('it is a digest');
}

const hex = fc.stringMatching(/^[0-9a-f]{1,64}$/);
const digests = fc.tuple(fc.constantFrom('sha256', 'sha256', 'sha512'), hex);
const objects: fc.Arbitrary<WantedObject> = fc.record(
  {
    kind: fc.constantFrom('blob', 'manifest'),
    digest: digests.map(([algorithm, text]) => digest(algorithm, text)),
    size: fc.maxSafeNat(),
    mediaType: fc.constantFrom('text/plain', 'text/html'),
    repository: fc.constantFrom('a', 'team/app', 'tool'),
    urls: fc.constant(['https://mcr.example/layer']),
  },
  { requiredKeys: ['kind', 'digest', 'size', 'mediaType', 'repository'] },
);

test('objects come back as they were put in', () => {
  fc.assert(
    fc.property(fc.array(objects), (given) => {
      const columns = objectColumns();
      for (const object of given) columns.add(object);
      expect(columns.length()).toBe(given.length);
      expect(given.map((_, place) => columns.at(place))).toEqual(given);
      expect(given.map((_, place) => columns.isBlob(place))).toEqual(
        given.map(({ kind }) => kind === 'blob'),
      );
    }),
  );
});

test('thousands, too', () => {
  const columns = objectColumns();
  const objectAt = (place: number): WantedObject => ({
    kind: 'blob',
    digest: digest('sha256', place.toString(16)),
    size: place,
    mediaType: 'text/plain',
    repository: `repository-${place % 1_000}`,
  });
  for (let place = 0; place < 10_000; place += 1) columns.add(objectAt(place));
  for (const place of [0, 4_095, 4_096, 8_191, 9_999]) {
    expect(columns.at(place)).toEqual(objectAt(place));
  }
});
