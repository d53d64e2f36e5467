// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import {
  type HeldBlob,
  readDigestIndex,
  recordsIn,
  writeDigestIndex,
} from './digest-index-file.ts';
import { placeOf } from './digest-set.ts';

const ABOUT = { backend: 'dublin', url: 'https://dublin.example/', createdAt: 1, validUntil: 2 };
const CHECKSUM = new Uint8Array(32).fill(7);

function digestOf(algorithm: string, hex: string): Digest {
  const digest = parseDigest(`${algorithm}:${hex}`);
  if (digest === undefined) throw new Error('the digest is one');
  return digest;
}

function withTrailer(content: Uint8Array, ...trailers: readonly Uint8Array[]): Uint8Array {
  const parts = [content, ...trailers];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

const byte = fc.integer({ min: 0, max: 255 }).map((value) => value.toString(16).padStart(2, '0'));
const hexOfLength = (length: number) =>
  fc.array(byte, { minLength: length, maxLength: length }).map((bytes) => bytes.join(''));
const blob: fc.Arbitrary<HeldBlob> = fc
  .tuple(
    fc.oneof(
      hexOfLength(32).map((hex) => digestOf('sha256', hex)),
      hexOfLength(64).map((hex) => digestOf('sha512', hex)),
    ),
    fc.integer({ min: 0, max: 2 ** 41 }),
  )
  .map(([digest, size]) => ({ digest, size }));

describe('a digest index', () => {
  test('says of every blob that was written, and of no other, that it is held', () => {
    fc.assert(
      fc.property(fc.array(blob, { maxLength: 30 }), blob, (blobs, other) => {
        const bytes = withTrailer(writeDigestIndex(ABOUT, blobs), CHECKSUM);
        const result = readDigestIndex(bytes);
        expect(result.ok).toBe(true);
        for (const { digest } of [...blobs, other]) {
          const [algorithm = '', hex = ''] = digest.split(':');
          const set = result.ok && algorithm === 'sha256' ? result.file.sets.sha256 : undefined;
          const other512 =
            result.ok && algorithm === 'sha512' ? result.file.sets.sha512 : undefined;
          const found = [set, other512].some(
            (one) => one !== undefined && placeOf(one, hex) !== -1,
          );
          expect(found).toBe(blobs.some((one) => one.digest === digest));
        }
      }),
      { numRuns: Math.min(PROPERTY_RUNS, 1_000) },
    );
  });

  test('keeps its header, and a blob that comes twice once', () => {
    const one = { digest: digestOf('sha256', 'ab'.repeat(32)), size: 2 ** 33 + 5 };
    const result = readDigestIndex(
      withTrailer(writeDigestIndex({ ...ABOUT, previous: 'index-1' }, [one, one]), CHECKSUM),
    );
    expect(result).toMatchObject({
      ok: true,
      file: { header: { ...ABOUT, sha256: 1, sha512: 0, previous: 'index-1' }, checksum: CHECKSUM },
    });
  });

  test('gives its records back, in order and with sizes', () => {
    const blobs = [
      { digest: digestOf('sha512', 'ff'.repeat(64)), size: 3 },
      { digest: digestOf('sha256', 'ee'.repeat(32)), size: 2 ** 41 },
      { digest: digestOf('sha256', '01'.repeat(32)), size: 2 ** 33 + 5 },
    ];
    const result = readDigestIndex(withTrailer(writeDigestIndex(ABOUT, blobs), CHECKSUM));
    expect(result.ok && [...recordsIn(result.file)]).toEqual([
      { algorithm: 'sha256', hex: '01'.repeat(10), size: 2 ** 33 + 5 },
      { algorithm: 'sha256', hex: 'ee'.repeat(10), size: 2 ** 40 - 1 },
      { algorithm: 'sha512', hex: 'ff'.repeat(10), size: 3 },
    ]);
  });

  test('keeps the URL of a host whose name is not ASCII', () => {
    const about = { ...ABOUT, url: 'https://bücher.example/\u{1f4da}' };
    const result = readDigestIndex(withTrailer(writeDigestIndex(about, []), CHECKSUM));
    expect(result).toMatchObject({ ok: true, file: { header: { url: about.url } } });
  });

  test('may carry a signature', () => {
    const signature = new Uint8Array(64).fill(9);
    const signed = withTrailer(writeDigestIndex(ABOUT, []), CHECKSUM, signature);
    expect(readDigestIndex(signed)).toMatchObject({ ok: true, file: { signature } });
    const plain = readDigestIndex(withTrailer(writeDigestIndex(ABOUT, []), CHECKSUM));
    expect(plain.ok && plain.file.signature).toBeUndefined();
  });
});

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

describe('what is no digest index', () => {
  const blobs = ['bb', 'aa'].map((part) => ({
    digest: digestOf('sha256', part.repeat(32)),
    size: 1,
  }));
  const good = withTrailer(writeDigestIndex(ABOUT, blobs), CHECKSUM);
  const magic = 'archeion digest index 1\n';

  test.each([
    ['nothing', new Uint8Array(0)],
    ['another file', ascii('<html>not found</html>')],
    ['a header that never ends', ascii(magic + 'x'.repeat(5_000))],
    ['a header that is no JSON', ascii(`${magic}{\n`)],
    ['a header that is null', ascii(`${magic}null\n`)],
    ['a header without counts', ascii(`${magic}{"backend":"b","url":"u"}\n`)],
    [
      'a header with a negative count',
      ascii(
        `${magic}{"backend":"b","url":"u","createdAt":1,"validUntil":1,"sha256":-1,"sha512":0}\n`,
      ),
    ],
    [
      'a header with a huge count',
      ascii(
        `${magic}{"backend":"b","url":"u","createdAt":1,"validUntil":1,"sha256":9007199254740991,"sha512":0}\n`,
      ),
    ],
    [
      'a time of earlier ones that is none',
      ascii(
        `${magic}{"backend":"b","url":"u","createdAt":1,"validUntil":1,"sha256":0,"sha512":0,"previousUntil":"x"}\n${'x'.repeat(32)}`,
      ),
    ],
    [
      'a previous file that is no text',
      ascii(
        `${magic}{"backend":"b","url":"u","createdAt":1,"validUntil":1,"sha256":0,"sha512":0,"previous":1}\n${'x'.repeat(32)}`,
      ),
    ],
    ['one that was cut off', good.subarray(0, good.length - 1)],
    ['one with something behind it', withTrailer(good, new Uint8Array(1))],
  ])('%s is refused', (_, bytes) => {
    expect(readDigestIndex(bytes)).toMatchObject({ ok: false });
  });

  test('records that do not ascend are refused: a search among them would be wrong', () => {
    const swapped = good.slice();
    const records = good.length - 32 - 30;
    swapped.set(good.subarray(records, records + 15), records + 15);
    swapped.set(good.subarray(records + 15, records + 30), records);
    expect(readDigestIndex(swapped)).toEqual({ ok: false, problem: 'its records do not ascend' });
  });
});
