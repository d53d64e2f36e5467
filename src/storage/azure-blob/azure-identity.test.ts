// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { azureCredentials, keyIn } from './azure-identity.ts';

test.each([
  ['abc=', 'abc='],
  ['DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc==;EndpointSuffix=x', 'abc=='],
  ['accountkey=abc=', 'abc='],
])('the key in %j', (text, key) => {
  expect(keyIn(text)).toBe(key);
});

test('a key of the environment goes before identities, and without one there is a token', async () => {
  const environment = { AZURE_STORAGE_CONNECTION_STRING: 'AccountKey=abc=' };
  const credentials = azureCredentials({ environment });
  expect(credentials.kind === 'key' && (await credentials.key())).toBe('abc=');
  expect(azureCredentials({ environment: {} }).kind).toBe('token');
});
