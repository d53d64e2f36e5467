// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseDockerConfig } from './docker-config.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64');
const read = (document: unknown, host = 'registry.example') =>
  parseDockerConfig(JSON.stringify(document), host);

test.each([
  'registry.example',
  'https://registry.example',
  'https://registry.example/v1/',
  'http://registry.example/v2/',
])('a login is found under %s', (name) => {
  expect(read({ auths: { [name]: { auth: encoded('u:p:q') } } })).toEqual({
    helper: undefined,
    server: 'registry.example',
    credentials: { username: 'u', password: 'p:q' },
  });
});

test('a login of another registry is none of ours', () => {
  const auths = {
    'registry.example:5000': { auth: encoded('u:p') },
    'sub.registry.example': { auth: encoded('u:p') },
    'https://registry.example.evil.example/v1/': { auth: encoded('u:p') },
  };
  expect(read({ auths })?.credentials).toBeUndefined();
  expect(read({ auths }, 'registry.example:5000')?.credentials).toBeDefined();
});

test("Docker's own registry has a name of its own", () => {
  const auths = { 'https://index.docker.io/v1/': { auth: encoded('u:p') } };
  expect(read({ auths }, 'registry-1.docker.io')).toMatchObject({
    server: 'https://index.docker.io/v1/',
    credentials: { username: 'u' },
  });
});

test.each([
  [
    { identitytoken: 't', auth: encoded('u:') },
    { kind: 'identity-token', token: 't' },
  ],
  [{ registrytoken: 't' }, { kind: 'registry-token', token: 't' }],
  [
    { username: 'u', password: 'p' },
    { username: 'u', password: 'p' },
  ],
  [{ auth: encoded('u:p\0\0') }, { username: 'u', password: 'p' }],
  [{ registrytoken: 'a\r\nb' }, undefined],
  [{ auth: encoded('nothing') }, undefined],
  [{ auth: encoded(':p') }, undefined],
  [{ auth: 7 }, undefined],
  [{}, undefined],
  ['text', undefined],
])('an entry %j is %j', (entry, credentials) => {
  expect(read({ auths: { 'registry.example': entry } })?.credentials).toEqual(credentials);
});

test('a helper of its own goes before the one for all', () => {
  const credHelpers = { 'registry.example': 'gcloud' };
  expect(read({ credHelpers, credsStore: 'desktop' })?.helper).toBe('gcloud');
  expect(read({ credHelpers, credsStore: 'desktop' }, 'other.example')?.helper).toBe('desktop');
  expect(read({ credHelpers }, '__proto__')?.helper).toBeUndefined();
});

test.each(['', '7', 'null', '{'])('%j is no such file', (text) => {
  expect(parseDockerConfig(text, 'registry.example')).toBeUndefined();
});
