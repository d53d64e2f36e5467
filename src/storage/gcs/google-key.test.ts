// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseGoogleKey } from './google-key.ts';

const ACCOUNT = { type: 'service_account', client_email: 'a@b', private_key: 'k' };
const EXTERNAL = {
  type: 'external_account',
  audience: 'a',
  subject_token_type: 't',
  token_url: 'https://sts.example/token',
  credential_source: { file: 'token' },
};

const parse = (document: object) => parseGoogleKey(JSON.stringify(document), 'key.json');

test('a key of an account knows where tokens are, though it does not say so', () => {
  expect(parse(ACCOUNT)).toMatchObject({ token_uri: 'https://oauth2.googleapis.com/token' });
});

test.each(['', '{}', '[]', '{"type":"impersonated"}'])('%j is no key that is known', (text) => {
  const problem = '"key.json" is no key of a service account or a user of Google';
  expect(() => parseGoogleKey(text, 'key.json')).toThrow(problem);
});

test.each([
  [{ type: 'service_account' }, '"key.json" has no client_email'],
  [{ ...ACCOUNT, private_key: '' }, '"key.json" has no private_key'],
  [{ type: 'authorized_user', client_id: 'i', client_secret: 's' }, 'has no refresh_token'],
  [{ ...EXTERNAL, audience: undefined }, '"key.json" has no audience'],
])('of %j the first field that it lacks is named', (document, problem) => {
  expect(() => parse(document)).toThrow(problem);
});

test.each([
  [{ ...ACCOUNT, token_uri: 'http://evil.example/' }, 'the token_uri of "key.json" is no https'],
  [{ ...ACCOUNT, token_uri: 'nonsense' }, 'the token_uri of "key.json" is no https'],
  [{ ...EXTERNAL, token_url: 'http://evil.example/' }, 'the token_url of "key.json" is no https'],
  [
    { ...EXTERNAL, service_account_impersonation_url: 'http://evil.example/' },
    'the service_account_impersonation_url of "key.json" is no https',
  ],
])('nobody on the way gets to read what %j would be sent', (document, problem) => {
  expect(() => parse(document)).toThrow(problem);
  expect(() => parse(document)).not.toThrow('evil');
});

test('a service on this machine may be asked in the open', () => {
  const token_uri = 'http://127.0.0.1:8080/token';
  expect(parse({ ...ACCOUNT, token_uri })).toMatchObject({ token_uri });
});
