// SPDX-License-Identifier: Apache-2.0
import { createHash, createVerify, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { signedWith } from './google-tokens.ts';
import { signedUrl } from './signed-url.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = {
  type: 'service_account',
  client_email: 'robot@project.iam',
  private_key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  token_uri: 'https://token.example',
} as const;

test('a link is signed by the account, for one path, host and time', async () => {
  const signer = { email: key.client_email, sign: async (text: string) => signedWith(key, text) };
  const [origin, path] = ['https://storage.example', '/images/a%20b'];
  const now = Date.parse('2026-11-21T20:00:00.123Z');
  const url = new URL(await signedUrl({ origin, path, seconds: 60, now }, signer));
  const signature = url.searchParams.get('X-Goog-Signature') ?? '';
  url.searchParams.delete('X-Goog-Signature');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    'X-Goog-Algorithm': 'GOOG4-RSA-SHA256',
    'X-Goog-Credential': 'robot@project.iam/20261121/auto/storage/goog4_request',
    'X-Goog-Date': '20261121T200000Z',
    'X-Goog-Expires': '60',
    'X-Goog-SignedHeaders': 'host',
  });
  const asked = `GET\n${path}\n${url.search.slice(1)}\nhost:storage.example\n\nhost\nUNSIGNED-PAYLOAD`;
  const hash = createHash('sha256').update(asked).digest('hex');
  const text = `GOOG4-RSA-SHA256\n20261121T200000Z\n20261121/auto/storage/goog4_request\n${hash}`;
  const verify = createVerify('RSA-SHA256').update(text);
  expect(verify.verify(publicKey, Buffer.from(signature, 'hex'))).toBe(true);
});
