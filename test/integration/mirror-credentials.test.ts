// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { guardedRegistry, overhearing } from '../support/guarded-registry.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { type CommandResult, runCommand } from '../support/run-command.ts';

const SECRET = 'hunter2';
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const ROBOT = basic(`robot:${SECRET}`);
const BASIC = 'Basic realm="registry"';

type Env = Readonly<Record<string, string | undefined>>;

/** Plans a mirror of a registry, with these credentials. */
async function planWith(
  url: string,
  credentials: object,
  { env = {}, folder = '' }: { readonly env?: Env; readonly folder?: string } = {},
): Promise<CommandResult> {
  const place = folder || (await temporaryFolder());
  const file = join(place, 'mirror.yaml');
  const source = { url, repositories: ['team/app'], credentials };
  const targets = [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' } }];
  await writeFile(file, stringify({ source, targets }));
  const { signal } = new AbortController();
  const result = await runCommand(['mirror', 'plan', '--config', file], signal, env);
  expect(result.out + result.err).not.toContain(SECRET);
  return result;
}

const SEEN = { exit: 3, err: '' };

describe('from files', () => {
  test('a user and a password, as ever', async () => {
    const { url } = await guardedRegistry(ROBOT, BASIC);
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'password'), `${SECRET}\n`);
    const known = { username: 'robot', passwordFile: 'password' };
    expect(await planWith(url, known, { folder })).toMatchObject(SEEN);
    expect(await planWith(url, { kind: 'password', ...known }, { folder })).toMatchObject(SEEN);
  });

  test('a token that the registry itself takes', async () => {
    const { url } = await guardedRegistry(`Bearer ${SECRET}`, BASIC);
    const folder = await temporaryFolder();
    const known = { kind: 'token', tokenFile: 'token' };
    await writeFile(join(folder, 'token'), `${SECRET}\n`);
    expect(await planWith(url, known, { folder })).toMatchObject(SEEN);
    await writeFile(join(folder, 'token'), 'two\nlines');
    const { exit, err } = await planWith(url, known, { folder });
    expect(exit).toBe(2);
    expect(err).toMatch(/source\.credentials: ".*token" has no token/);
  });

  test.each([
    [{ username: 'robot', passwordFile: 'nowhere' }, /nowhere" cannot be read/],
    [{ kind: 'token', tokenFile: 'nowhere' }, /nowhere" cannot be read/],
    [{ kind: 'docker', dockerConfig: 'nowhere' }, /nowhere" cannot be read/],
    [{ kind: 'docker', dockerConfig: 'mirror.yaml' }, /is no configuration of Docker/],
    [{ kind: 'google', keyFile: 'nowhere' }, /nowhere" cannot be read/],
    [{ kind: 'google', keyFile: 'mirror.yaml' }, /is no key of a service account or a user/],
    [{ kind: 'aws-ecr' }, /"registry.example" does not say its region/],
  ])('%j is refused before anybody is asked', async (credentials, problem) => {
    const { exit, err } = await planWith('https://registry.example', credentials);
    expect(exit).toBe(2);
    expect(err).toMatch(problem);
  });
});

describe("from Docker's file", () => {
  /** A folder with the file, and a program in it for each helper. */
  async function dockerFolder(document: object, helpers: Readonly<Record<string, string>> = {}) {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'config.json'), JSON.stringify(document));
    for (const [name, script] of Object.entries(helpers)) {
      const program = join(folder, `docker-credential-${name}`);
      await writeFile(program, `#!/bin/sh\n${script}\n`);
      await chmod(program, 0o755);
    }
    return { folder, env: { DOCKER_CONFIG: folder, PATH: `${folder}:/usr/bin:/bin` } };
  }

  test('what it has of the registry', async () => {
    const { url, host } = await guardedRegistry(ROBOT, BASIC);
    const auth = Buffer.from(`robot:${SECRET}`).toString('base64');
    const { folder, env } = await dockerFolder({ auths: { [host]: { auth } } });
    expect(await planWith(url, { kind: 'docker' }, { env })).toMatchObject(SEEN);
    const named = { kind: 'docker', dockerConfig: 'config.json' };
    expect(await planWith(url, named, { folder })).toMatchObject(SEEN);
    await mkdir(join(folder, 'home/.docker'), { recursive: true });
    const document = { auths: { [`http://${host}`]: { username: 'robot', password: SECRET } } };
    await writeFile(join(folder, 'home/.docker/config.json'), JSON.stringify(document));
    const home = { env: { HOME: join(folder, 'home') } };
    expect(await planWith(url, { kind: 'docker' }, home)).toMatchObject(SEEN);
  });

  test('what its helper says of the registry, asked once for all that need it', async () => {
    const { url, host } = await guardedRegistry(ROBOT, BASIC);
    const answer = `{"ServerURL":"x","Username":"robot","Secret":"${SECRET}"}`;
    const script = `read server; echo "$1 $server" >> "$DOCKER_CONFIG/asked"; test "$server" = ${host} && echo '${answer}'`;
    const document = { credHelpers: { [host]: 'own' } };
    const { env, folder } = await dockerFolder(document, { own: script });
    expect(await planWith(url, { kind: 'docker' }, { env })).toMatchObject(SEEN);
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe(`get ${host}\n`);
  });

  test('an identity token of a helper is exchanged at the service that is named', async () => {
    const service = await overhearing(() => ({ access_token: 'short', expires_in: 300 }));
    const challenge = `Bearer realm="${service.url}/token",service="registry"`;
    const { url } = await guardedRegistry('Bearer short', challenge);
    const script = `echo '{"Username":"<token>","Secret":"${SECRET}"}'`;
    const { env } = await dockerFolder({ credsStore: 'all' }, { all: script });
    const known = { kind: 'docker', tokenHosts: [service.host] };
    expect(await planWith(url, known, { env })).toMatchObject(SEEN);
    expect(service.requests.map(({ method, target }) => [method, target])).toEqual([
      ['POST', '/token'],
    ]);
    expect(new URLSearchParams(service.requests[0]?.body).get('refresh_token')).toBe(SECRET);
  });

  test('a helper that has nothing leaves what the file has', async () => {
    const { url, host } = await guardedRegistry(ROBOT, BASIC);
    const auth = Buffer.from(`robot:${SECRET}`).toString('base64');
    const script = 'echo "credentials not found in native keychain"; exit 1';
    const document = { auths: { [host]: { auth } }, credsStore: 'all' };
    const { env } = await dockerFolder(document, { all: script });
    expect(await planWith(url, { kind: 'docker' }, { env })).toMatchObject(SEEN);
  });

  test.each([
    ['gone', '', 'gave no credentials: it is not there'],
    ['../own', '', '"../own" is no name of a credential helper'],
    ['own', `echo ${SECRET}; echo ${SECRET} >&2; exit 3`, 'it ended with 3'],
    ['own', `echo ${SECRET}`, 'its answer is none'],
    ['own', `echo '{"Username":"u","Secret":7,"x":"${SECRET}"}'`, 'its answer is none'],
    ['own', `while :; do echo ${SECRET}; done`, 'it said too much'],
  ])(
    'the helper %s that does "%s" is refused without a word of its own',
    async (name, script, problem) => {
      const scripts = { own: script || 'exit 1' };
      const { env } = await dockerFolder({ credsStore: name }, scripts);
      const { exit, err } = await planWith('https://registry.example', { kind: 'docker' }, { env });
      expect(exit).toBe(2);
      expect(err).toContain(problem);
    },
  );
});

describe('from Google', () => {
  const GOOGLE = basic(`oauth2accesstoken:${SECRET}`);

  /** A registry that takes what its own token service gives to whoever has the access token. */
  async function googleRegistryOf(expected = GOOGLE) {
    const service = await overhearing((request) =>
      request.header('authorization') === expected ? { token: 'short', expires_in: 300 } : 403,
    );
    const registry = await guardedRegistry(
      'Bearer short',
      `Bearer realm="${service.url}/v2/token"`,
    );
    return { ...registry, service };
  }

  test('the metadata server of the machine', async () => {
    const metadata = await overhearing(() => ({ access_token: SECRET, expires_in: 3_600 }));
    const { url, service } = await googleRegistryOf();
    const known = { kind: 'google', tokenHosts: [service.host] };
    const env = { GCE_METADATA_HOST: metadata.host };
    expect(await planWith(url, known, { env })).toMatchObject(SEEN);
    const [asked, ...more] = metadata.requests;
    expect(more).toEqual([]);
    expect(asked?.target).toBe('/computeMetadata/v1/instance/service-accounts/default/token');
    expect(asked?.header('metadata-flavor')).toBe('Google');
  });

  test('threat 4: an access token goes to no service that is not named', async () => {
    const metadata = await overhearing(() => ({ access_token: SECRET, expires_in: 3_600 }));
    const { url, service } = await googleRegistryOf();
    const env = { GCE_METADATA_HOST: metadata.host };
    const { exit } = await planWith(url, { kind: 'google' }, { env });
    expect(exit).toBe(5);
    expect(service.requests.map(({ header }) => header('authorization'))).toEqual([]);
  });

  test('the key of a service account, by a signed assertion', async () => {
    const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const oauth = await overhearing(() => ({ access_token: SECRET, expires_in: 3_599 }));
    const { url, service } = await googleRegistryOf();
    const folder = await temporaryFolder();
    const key = {
      type: 'service_account',
      client_email: 'robot@project.example',
      private_key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      private_key_id: 'first',
      token_uri: `${oauth.url}/token`,
    };
    await writeFile(join(folder, 'key.json'), JSON.stringify(key));
    const known = { kind: 'google', tokenHosts: [service.host] };
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'key.json') };
    expect(await planWith(url, known, { env })).toMatchObject(SEEN);
    expect(oauth.requests).toHaveLength(1);
    const form = new URLSearchParams(oauth.requests[0]?.body);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const assertion = form.get('assertion') ?? '';
    const { payload } = await jwtVerify(assertion, keys.publicKey, { audience: key.token_uri });
    expect(payload).toMatchObject({ iss: key.client_email, scope: expect.any(String) });
    expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: 'RS256', kid: 'first' });
  });

  test('what a user has left', async () => {
    const oauth = await overhearing(() => ({ access_token: SECRET, expires_in: 3_599 }));
    const { url, service } = await googleRegistryOf();
    const folder = await temporaryFolder();
    const key = {
      type: 'authorized_user',
      client_id: 'id',
      client_secret: 'of the client',
      refresh_token: 'of the user',
      token_uri: `${oauth.url}/token`,
    };
    await writeFile(join(folder, 'key.json'), JSON.stringify(key));
    const known = { kind: 'google', keyFile: 'key.json', tokenHosts: [service.host] };
    expect(await planWith(url, known, { folder })).toMatchObject(SEEN);
    const form = new URLSearchParams(oauth.requests[0]?.body);
    expect([form.get('grant_type'), form.get('refresh_token')]).toEqual([
      'refresh_token',
      'of the user',
    ]);
  });

  test.each<[object, string]>([
    [{ type: 'service_account', client_email: 'a' }, 'has no private_key'],
    [{ type: 'authorized_user' }, 'has no client_id'],
    [{ type: 'external_account', x: SECRET }, 'has no audience'],
    [{ type: 'elsewhere', x: SECRET }, 'is no key of a service account or a user'],
    [{ type: 'service_account', client_email: 'a', private_key: SECRET }, 'the private_key of'],
    [
      {
        type: 'service_account',
        client_email: 'a',
        private_key: SECRET,
        token_uri: 'http://evil.example/',
      },
      'is no https address',
    ],
  ])('a key %j is refused', async (key, problem) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'key.json'), JSON.stringify(key));
    const known = { kind: 'google', keyFile: 'key.json' };
    const { exit, err } = await planWith('https://registry.example', known, { folder });
    expect(exit).toBe(2);
    expect(err).toContain(problem);
  });

  test.each<[object | number, string]>([
    [403, '/token" gives no token: 403'],
    [{ access_token: `${SECRET}\r\nX: y` }, 'answers without a token that can be used'],
    [{ error: SECRET }, 'answers without a token that can be used'],
  ])('a metadata server that answers %j is named without what it said', async (answer, problem) => {
    const metadata = await overhearing(() => answer);
    const env = { GCE_METADATA_HOST: metadata.host };
    const { exit, err } = await planWith('https://registry.example', { kind: 'google' }, { env });
    expect(exit).toBe(2);
    expect(err).toContain(problem);
    expect(err).not.toContain('a secret of the service');
  });

  test('a metadata host that is none is refused', async () => {
    const env = { GCE_METADATA_HOST: 'evil.example/x?' };
    const { err } = await planWith('https://registry.example', { kind: 'google' }, { env });
    expect(err).toContain('is no host of a metadata server');
  });
});

describe('from AWS', () => {
  afterEach(() => void vi.unstubAllEnvs());

  const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;
  const token = Buffer.from(`AWS:${SECRET}`).toString('base64');

  test.each([
    ['private', (data: object) => [data]],
    ['public', (data: object) => data],
  ])('a token of its %s registries, asked for once with a signed request', async (_, shape) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'the secret key');
    vi.stubEnv('AWS_SESSION_TOKEN', 'temporary');
    const data = { authorizationToken: token, expiresAt: inAnHour() };
    const aws = await overhearing(() => ({ authorizationData: shape(data) }));
    const { url } = await guardedRegistry(basic(`AWS:${SECRET}`), 'Basic realm="ecr"');
    const known = { kind: 'aws-ecr', region: 'eu-west-1' };
    const env = { AWS_ENDPOINT_URL: aws.url };
    expect(await planWith(url, known, { env })).toMatchObject(SEEN);
    expect(aws.requests).toHaveLength(1);
    const asked = aws.requests[0];
    expect(asked?.header('x-amz-target')).toMatch(/\.GetAuthorizationToken$/);
    expect(asked?.header('x-amz-security-token')).toBe('temporary');
    expect(asked?.header('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/ecr\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[a-f0-9]{64}$/,
    );
  });

  test.each<[object | number, string]>([
    [400, 'gave no credentials (400)'],
    [{}, 'answered without usable credentials'],
    [{ authorizationData: [] }, 'answered without usable credentials'],
    [{ authorizationData: [{ authorizationToken: SECRET }] }, 'without usable credentials'],
  ])('a service that answers %j is named without what it said', async (answer, problem) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET);
    const aws = await overhearing(() => answer);
    const known = { kind: 'aws-ecr', region: 'eu-west-1' };
    const env = { AWS_ENDPOINT_URL_ECR: aws.url };
    const { exit, err } = await planWith('https://registry.example', known, { env });
    expect(exit).toBe(2);
    expect(err).toContain(problem);
  });
});
