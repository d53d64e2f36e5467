// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { AzureCredentials } from '../../src/storage/azure-blob/azure-client.ts';
import { azureCredentials } from '../../src/storage/azure-blob/azure-identity.ts';
import { googleIdentity } from '../../src/storage/gcs/google-identity.ts';
import { type FakeReply, type FakeRequest, startFakeStore } from '../support/fake-store.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-credentials-'));
});

afterAll(() => rm(folder, { recursive: true }));

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ACCOUNT = {
  type: 'service_account',
  client_email: 'robot@project.iam',
  private_key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
};
const EXTERNAL = {
  type: 'external_account',
  audience: 'the pool',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
};

async function fileWith(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** A service on loopback that answers with JSON, by what is asked. */
async function service(answers: Readonly<Record<string, unknown>>) {
  const reply = ({ path }: FakeRequest): FakeReply =>
    path in answers ? { status: 200, body: JSON.stringify(answers[path]) } : { status: 404 };
  const started = await startFakeStore(reply);
  onTestFinished(() => started.stop());
  const form = (place: number) =>
    Object.fromEntries(new URLSearchParams(started.requests[place]?.body.toString()));
  return { ...started, host: started.url.slice('http://'.length), form };
}

/** A key or a token. */
function secretOf(credentials: AzureCredentials): Promise<string> {
  return credentials.kind === 'key' ? credentials.key() : credentials.token();
}

const TOKEN = { access_token: 'a-token', expires_in: 3600 };

test('an account of Google says who it is with its key, and signs for itself', async () => {
  const { url, form, requests } = await service({ '/token': TOKEN });
  const file = await fileWith('account.json', { ...ACCOUNT, token_uri: `${url}/token` });
  const identity = googleIdentity({ file, environment: {} });
  expect([await identity.token(), await identity.token()]).toEqual(['a-token', 'a-token']);
  expect(requests).toHaveLength(1);
  const claims = decodeJwt(form(0)['assertion'] ?? '');
  expect(claims).toMatchObject({ iss: 'robot@project.iam', aud: `${url}/token` });
  const signer = await identity.signer?.();
  expect(signer?.email).toBe('robot@project.iam');
  expect(await signer?.sign('text')).toHaveLength(256);
});

test('a person is known by what gcloud left, and cannot sign', async () => {
  const { url, form } = await service({ '/token': TOKEN });
  const person = { client_id: 'c', client_secret: 's', refresh_token: 'r' };
  const left = { type: 'authorized_user', ...person, token_uri: `${url}/token` };
  await fileWith('application_default_credentials.json', left);
  const identity = googleIdentity({ environment: { CLOUDSDK_CONFIG: folder } });
  expect(await identity.token()).toBe('a-token');
  expect(form(0)).toEqual({ grant_type: 'refresh_token', ...person });
  await expect(identity.signer?.()).rejects.toThrow('cannot sign links');
});

test('on a machine of Google its account is asked for', async () => {
  const account = '/computeMetadata/v1/instance/service-accounts/default/';
  const answers = { [`${account}token`]: TOKEN, [account]: { email: 'machine@project.iam' } };
  const { host, requests } = await service(answers);
  const nothing = { CLOUDSDK_CONFIG: join(folder, 'nothing') };
  const identity = googleIdentity({ environment: { GCE_METADATA_HOST: host, ...nothing } });
  expect(await identity.token()).toBe('a-token');
  expect((await identity.signer?.())?.email).toBe('machine@project.iam');
  expect(requests.map(({ headers }) => headers['metadata-flavor'])).toEqual(['Google', 'Google']);
});

test.each([
  ['a file', (_: string) => ({ file: join(folder, 'subject') }), 'from the file'],
  [
    'a field behind a URL',
    (url: string) => ({ url: `${url}/subject`, format: FIELD }),
    'from the service',
  ],
])('whom others vouch for by %s becomes an account that signs', async (_, sourceAt, subject) => {
  const accounts = '/v1/projects/-/serviceAccounts/robot@project.iam';
  const { url, form } = await service({
    '/sts': { ...TOKEN, access_token: 'of-the-pool' },
    '/subject': { id_token: 'from the service' },
    [`${accounts}:generateAccessToken`]: {
      accessToken: 'a-token',
      expireTime: '2999-01-01T00:00:00Z',
    },
    [`${accounts}:signBlob`]: { signedBlob: Buffer.from('signed').toString('base64') },
  });
  await fileWith('subject', 'from the file\n');
  const file = await fileWith('external.json', {
    ...EXTERNAL,
    token_url: `${url}/sts`,
    service_account_impersonation_url: `${url}${accounts}:generateAccessToken`,
    credential_source: sourceAt(url),
  });
  const identity = googleIdentity({
    environment: { GOOGLE_APPLICATION_CREDENTIALS: file },
  });
  expect(await identity.token()).toBe('a-token');
  const exchanged = [0, 1].map((place) => form(place)['subject_token']);
  expect(exchanged).toContain(subject);
  const signer = await identity.signer?.();
  expect(signer?.email).toBe('robot@project.iam');
  expect(Buffer.from((await signer?.sign('text')) ?? []).toString()).toBe('signed');
});

const FIELD = { type: 'json', subject_token_field_name: 'id_token' };

test('credentials of Google that are named have to be there, and to be known', async () => {
  const absent = googleIdentity({ file: join(folder, 'absent'), environment: {} });
  await expect(absent.token()).rejects.toThrow('cannot be read');
  const file = await fileWith('other.json', { type: 'other', secret: 'x' });
  await expect(googleIdentity({ file, environment: {} }).token()).rejects.toThrow('is no key of');
});

test.each([
  [
    'a secret',
    { AZURE_FEDERATED_TOKEN_FILE: undefined, AZURE_CLIENT_SECRET: 'the-secret' },
    { client_secret: 'the-secret' },
  ],
  ['the token of a pod', {}, { client_assertion: 'of the pod' }],
])('an application of Azure says who it is by %s', async (_, more, expected) => {
  const { url, form } = await service({ '/tenant/oauth2/v2.0/token': TOKEN });
  const pod = await fileWith('pod-token', 'of the pod\n');
  const who = {
    AZURE_TENANT_ID: 'tenant',
    AZURE_CLIENT_ID: 'client',
    AZURE_AUTHORITY_HOST: `${url}/`,
  };
  const proof = { ...{ AZURE_FEDERATED_TOKEN_FILE: pod }, ...more };
  const credentials = azureCredentials({ environment: { ...who, ...proof } });
  expect(await secretOf(credentials)).toBe('a-token');
  expect(form(0)).toMatchObject({ client_id: 'client', ...expected });
});

test.each([
  ['a machine', '/metadata/identity/oauth2/token', 'metadata', 'true'],
  ['an app', '/app', 'x-identity-header', 'a-header'],
])('%s of Azure is asked for its identity', async (_, path, header, value) => {
  const { url, requests } = await service({ [path]: TOKEN });
  const app = { IDENTITY_ENDPOINT: `${url}/app`, IDENTITY_HEADER: 'a-header' };
  const place = path === '/app' ? app : { AZURE_POD_IDENTITY_AUTHORITY_HOST: url };
  const environment = { ...place, AZURE_CLIENT_ID: 'one of several' };
  const credentials = azureCredentials({ environment });
  expect(await secretOf(credentials)).toBe('a-token');
  expect(requests[0]?.headers[header]).toBe(value);
  expect(requests[0]?.query.get('resource')).toBe('https://storage.azure.com/');
  expect(requests[0]?.query.get('client_id')).toBe('one of several');
});

test('what should hold a token and does not is not quoted', async () => {
  const plain = await startFakeStore(() => ({ status: 200, body: 'secret, no JSON' }));
  onTestFinished(() => plain.stop());
  const [url, subject] = [plain.url, await fileWith('subject.json', '{"other": "secret"}')];
  const format = FIELD;
  for (const credential_source of [
    { url, format },
    { file: subject, format },
  ]) {
    const external = { ...EXTERNAL, token_url: url, credential_source };
    const file = await fileWith('lacking.json', external);
    const error = await googleIdentity({ file, environment: {} }).token().catch(String);
    expect(error).toMatch(/no JSON$|without the field "id_token"$/);
    expect(error).not.toContain('secret');
  }
});

test('the key of an account of Azure may be in a file, alone or with all that belongs to it', async () => {
  const file = await fileWith('key', 'AccountName=a;AccountKey=abc==;EndpointSuffix=x\n');
  const credentials = azureCredentials({ file, environment: {} });
  expect(await secretOf(credentials)).toBe('abc==');
});

test('a service that gives no token is named, without what was said to it', async () => {
  const { url } = await service({});
  const secret = { AZURE_CLIENT_SECRET: 'the-secret', AZURE_AUTHORITY_HOST: url };
  const environment = { ...secret, AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client' };
  const credentials = azureCredentials({ environment });
  const error = await secretOf(credentials).catch(String);
  expect(error).toContain(`"${url}/tenant/oauth2/v2.0/token" gives no token: 404`);
  expect(error).not.toContain('the-secret');
  const lacking = azureCredentials({ environment: secret });
  await expect(secretOf(lacking)).rejects.toThrow('AZURE_TENANT_ID');
});
