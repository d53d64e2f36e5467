// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../test/support/property-runs.ts';
import { writeDigestIndex } from '../core/digest-index/digest-index-file.ts';
import { parseDigest } from '../core/oci/digest.ts';
import { openDigestIndex, parseKey, sealDigestIndex, timeText } from './digest-index-seal.ts';

const HOUR = 3_600_000;
const ABOUT = {
  backend: 'dublin',
  url: 'https://d.example',
  createdAt: HOUR,
  validUntil: 2 * HOUR,
};
const EXPECTED = { backend: 'dublin', url: 'https://d.example/', now: HOUR };
const digest = parseDigest(`sha256:${'ab'.repeat(32)}`) ?? expect.fail('the digest is one');
const ours = generateKeyPairSync('ed25519');
const theirs = generateKeyPairSync('ed25519');

function content(change: Partial<typeof ABOUT> = {}): Uint8Array {
  return writeDigestIndex({ ...ABOUT, ...change }, [{ digest, size: 1 }]);
}

describe('an index', () => {
  test('that is whole, in time and of this backend is believed', () => {
    expect(openDigestIndex(sealDigestIndex(content()), EXPECTED)).toMatchObject({ ok: true });
  });

  test('that is signed is believed with the key and without it', () => {
    const { publicKey, privateKey } = ours;
    const bytes = sealDigestIndex(content(), privateKey);
    expect(openDigestIndex(bytes, { ...EXPECTED, publicKey })).toMatchObject({ ok: true });
    expect(openDigestIndex(bytes, EXPECTED)).toMatchObject({ ok: true });
  });

  test.each([
    ['without a signature', undefined, 'it is not signed, and a public key is configured'],
    ['signed by another key', theirs.privateKey, 'its signature is not by the configured key'],
  ])('threat 17: %s is refused when a key is configured', (_, key, problem) => {
    const bytes = sealDigestIndex(content(), key);
    const result = openDigestIndex(bytes, { ...EXPECTED, publicKey: ours.publicKey });
    expect(result).toEqual({ ok: false, problem });
  });

  test('threat 17: with the signature of another index is refused', () => {
    const signed = sealDigestIndex(content(), ours.privateKey);
    const other = sealDigestIndex(content({ validUntil: 9 * HOUR }));
    const forged = Buffer.concat([other, signed.subarray(-64)]);
    const result = openDigestIndex(forged, { ...EXPECTED, publicKey: ours.publicKey });
    expect(result).toMatchObject({ ok: false });
  });

  test.each([
    ['of another backend', { backend: 'tokyo' }, /of backend "tokyo", not "dublin"/],
    ['of another URL', { url: 'https://e.example' }, /at "https:\/\/e\.example", not at/],
    ['past its time', { validUntil: HOUR }, /was valid until 1970-01-01T01:00:00.000Z/],
    ['made in the future', { createdAt: HOUR + 300_001 }, /made in the future/],
    ['made in a future beyond dates', { createdAt: 2 ** 53 - 1 }, /9007199254740991 ms/],
  ])('%s is refused', (_, change, problem) => {
    const result = openDigestIndex(sealDigestIndex(content(change)), EXPECTED);
    expect(result).toEqual({ ok: false, problem: expect.stringMatching(problem) });
  });

  test('of which any bit was changed is refused', () => {
    const bytes = sealDigestIndex(content());
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(openDigestIndex(changed, EXPECTED)).toMatchObject({ ok: false });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('of which the end is missing is refused', () => {
    const bytes = sealDigestIndex(content());
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(openDigestIndex(bytes.subarray(0, length), EXPECTED)).toMatchObject({ ok: false });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

test('keys are read from PEM, and only Ed25519 keys are', () => {
  const pem = ours.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  expect(parseKey('private', pem)?.equals(ours.privateKey)).toBe(true);
  expect(parseKey('public', pem)?.equals(ours.publicKey)).toBe(true);
  const foreign = rsa.export({ type: 'spki', format: 'pem' }).toString();
  expect(parseKey('public', foreign)).toBeUndefined();
  expect(parseKey('public', 'no key')).toBeUndefined();
});

test('a time is told as people write it', () => {
  expect(timeText(0)).toBe('1970-01-01T00:00:00.000Z');
});
