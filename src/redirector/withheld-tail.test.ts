// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Of, sha512Of } from '../../test/support/image-documents.ts';
import { PROPERTY_RUNS } from '../../test/support/property-runs.ts';
import type { Digest } from '../core/oci/digest.ts';
import { withheldTail } from './withheld-tail.ts';

async function* inPieces(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** What came through, and the code of what it ended with. */
async function passed(pieces: readonly Uint8Array[], digest: Digest) {
  const received: Uint8Array[] = [];
  try {
    for await (const piece of withheldTail(inPieces(pieces), digest)) received.push(piece);
    return { bytes: Buffer.concat(received), failed: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(received), failed: error };
  }
}

const pieces = fc.array(
  fc.nat(100_000).map((size) => Buffer.alloc(size, size)),
  { maxLength: 12 },
);

test('bytes of the right digest come through as they were, in whatever pieces', () =>
  fc.assert(
    fc.asyncProperty(pieces, async (given) => {
      const whole = Buffer.concat(given);
      const { bytes, failed } = await passed(given, sha256Of(whole));
      expect(failed).toBeUndefined();
      expect(bytes.equals(whole)).toBe(true);
    }),
    { numRuns: Math.min(PROPERTY_RUNS, 300) },
  ));

test('of bytes of another digest the last 64 KiB never come', () =>
  fc.assert(
    fc.asyncProperty(pieces, async (given) => {
      const size = Buffer.concat(given).length;
      const { bytes, failed } = await passed(given, sha256Of('something else'));
      expect(failed).toMatchObject({ code: 'wrong-digest' });
      expect(bytes.length).toBeLessThanOrEqual(Math.max(0, size - 65_536));
    }),
    { numRuns: Math.min(PROPERTY_RUNS, 300) },
  ));

test('sha512 is checked as well', async () => {
  const bytes = Buffer.from('blob');
  expect(await passed([bytes], sha512Of(bytes))).toEqual({ bytes, failed: undefined });
  expect(await passed([bytes], sha512Of('other'))).toMatchObject({ bytes: Buffer.alloc(0) });
});
