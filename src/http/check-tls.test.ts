// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { type CertificateWish, selfSigned } from '../../test/support/certificate.ts';
import { checkTls } from './check-tls.ts';

const OURS = made({});
const OTHER = made({ host: 'other.test', validTo: new Date('2027-06-01') });

function made(wish: Partial<CertificateWish>) {
  const [validFrom, validTo] = [new Date('2026-01-01'), new Date('2027-01-01')];
  return selfSigned({ host: 'images.test', validFrom, validTo, ...wish });
}

function checked(certificate: string, key: string) {
  return checkTls({ certificate, key, minVersion: 'TLSv1.2' });
}

test('a pair that fits is well, with what there is to say of it', () => {
  expect(checked(OURS.cert, OURS.key)).toEqual({
    ok: true,
    facts: {
      subject: 'CN=images.test',
      notBefore: Date.UTC(2026, 0, 1),
      notAfter: Date.UTC(2027, 0, 1),
    },
  });
});

test('a certificate without a subject is known by its names', () => {
  const nameless = made({ subject: '' });
  expect(checked(nameless.cert, nameless.key)).toMatchObject({
    facts: { subject: 'DNS:images.test' },
  });
});

test('a chain is over with the first of its certificates, whichever that is', () => {
  const early = made({ validFrom: new Date('2026-02-01'), validTo: new Date('2026-03-01') });
  const chain = `by the way: comments are allowed\n${OURS.cert}\n${early.cert}`;
  expect(checked(chain, OURS.key)).toMatchObject({
    facts: { notBefore: Date.UTC(2026, 1, 1), notAfter: Date.UTC(2026, 2, 1) },
  });
});

test('certificate and key may lie in one file', () => {
  const both = OURS.key + OURS.cert;
  expect(checked(both, both)).toMatchObject({ ok: true });
});

const ENCRYPTED = createPrivateKey(OURS.key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'tulip' })
  .toString();
const WEAK = made({ curve: 'secp112r1' });

test.each([
  ['no certificate', '', OURS.key, 'certificate', /no certificate in PEM/],
  ['a key for a certificate', OURS.key, OURS.key, 'certificate', /no certificate in PEM/],
  ['half a certificate', cutShort(OURS.cert), OURS.key, 'certificate', /is damaged/],
  ['half a chain', OURS.cert + cutShort(OTHER.cert), OURS.key, 'certificate', /is damaged/],
  ['no key', OURS.cert, '', 'key', /no private key in PEM/],
  ['a certificate for a key', OURS.cert, OURS.cert, 'key', /no private key in PEM/],
  ['half a key', OURS.cert, OURS.key.slice(0, 100), 'key', /no private key in PEM/],
  ['an encrypted key', OURS.cert, ENCRYPTED, 'key', /decrypt it/],
  ['the key of another', OURS.cert, OTHER.key, 'key', /does not belong/],
  ['a chain that begins with its end', OTHER.cert + OURS.cert, OURS.key, 'key', /does not belong/],
  ['a key that is too short', WEAK.cert, WEAK.key, 'certificate', /OpenSSL with ERR_/],
])('%s is refused', (_, certificate, key, part, problem) => {
  expect(checked(certificate, key)).toEqual({
    ok: false,
    part,
    problem: expect.stringMatching(problem),
  });
});

/** With a header and an end, and less between them. */
function cutShort(pem: string): string {
  const lines = pem.split('\n');
  return [...lines.slice(0, 3), ...lines.slice(-2)].join('\n');
}
