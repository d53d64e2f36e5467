// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseGoogleKey } from './google-key.ts';

test('a key of an account knows where tokens are, though it does not say so', () => {
  const text = '{"type":"service_account","client_email":"a@b","private_key":"k"}';
  expect(parseGoogleKey(text)).toMatchObject({ token_uri: 'https://oauth2.googleapis.com/token' });
});

test.each(['', '{}', '[]', '{"type":"service_account"}', '{"type":"impersonated"}'])(
  '%j is no key that is known',
  (text) => {
    expect(parseGoogleKey(text)).toBeUndefined();
  },
);
