// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { MirrorConfig } from '../../config/mirror.ts';
import type { SourceCredentials } from '../../config/source-credentials.ts';
import { type CredentialProvider, isToken } from '../../upstream/credentials/credentials.ts';
import { openTransport, type Transport } from '../../upstream/transport.ts';
import { DEFAULT_LIMITS } from '../../upstream/upstream-client.ts';
import { UpstreamError } from '../../upstream/upstream-error.ts';
import type { CommandIo } from '../command.ts';
import { loginOf, passwordReader } from '../front/upstream-credentials.ts';
import type { Loaded } from '../load-config.ts';

export interface SourceLogin {
  readonly provider: CredentialProvider | undefined;
  readonly tokenHosts: readonly string[];
  close(): Promise<void>;
}

/**
 * What the source is told of who asks, tried once.
 *
 * @throws ConfigError when nothing can be told
 */
export async function openSourceLogin(
  loaded: Loaded<MirrorConfig>,
  { env }: Pick<CommandIo, 'env'>,
): Promise<SourceLogin> {
  const { credentials, url = '' } = loaded.config.source;
  // What a configuration or the cloud's own variables name may be private: a metadata server always is.
  const transport = openTransport({ limits: DEFAULT_LIMITS, isConfigured: () => true });
  const close = () => transport.close();
  if (credentials === undefined) return { provider: undefined, tokenHosts: [], close };
  try {
    const host = URL.parse(url)?.host ?? '';
    const provider = await providerOf(credentials, { loaded, host, env, transport });
    await provider();
    const tokenHosts = 'tokenHosts' in credentials ? credentials.tokenHosts : [];
    return { provider, tokenHosts, close };
  } catch (error) {
    await close();
    const { message, cause } = error instanceof Error ? error : new Error('failed');
    throw new ConfigError(loaded.origin, [`source.credentials: ${message}`], cause);
  }
}

interface Place {
  readonly loaded: Loaded<MirrorConfig>;
  /** Of the registry: `host` or `host:port`. */
  readonly host: string;
  readonly env: CommandIo['env'];
  readonly transport: Transport;
}

async function providerOf(
  credentials: SourceCredentials,
  place: Place,
): Promise<CredentialProvider> {
  const { directory } = place.loaded;
  switch (credentials.kind) {
    case undefined:
    case 'password':
      return readPassword(credentials, directory);
    case 'token':
      return tokenReader(resolve(directory, credentials.tokenFile));
    case 'docker':
      return openDocker(credentials, place);
    case 'google':
      return openGoogle(credentials, place);
    case 'aws-ecr':
      return openEcr(credentials, place);
  }
}

function readPassword(
  credentials: Parameters<typeof loginOf>[0],
  directory: string,
): CredentialProvider {
  const login = loginOf(credentials, directory);
  const read = passwordReader(login);
  return () => read().catch((cause: unknown) => Promise.reject(unreadable(login.file, cause)));
}

function tokenReader(file: string): CredentialProvider {
  return async () => {
    const text = await readFile(file, 'utf8').catch((cause) => {
      throw unreadable(file, cause);
    });
    const token = text.trim();
    if (isToken(token)) return { kind: 'registry-token', token };
    throw new UpstreamError('unauthorized', `"${file}" has no token`);
  };
}

type OfKind<Kind> = Extract<SourceCredentials, { readonly kind: Kind }>;

async function openDocker(
  { dockerConfig }: OfKind<'docker'>,
  { loaded, host, env }: Place,
): Promise<CredentialProvider> {
  const { dockerCredentials } = await import('../../upstream/credentials/docker-credentials.ts');
  const folder = env['DOCKER_CONFIG'] || join(env['HOME'] ?? '/', '.docker');
  const file =
    dockerConfig === true ? join(folder, 'config.json') : resolve(loaded.directory, dockerConfig);
  return dockerCredentials({ file, host, env, now: Date.now });
}

async function openGoogle(
  { keyFile }: OfKind<'google'>,
  { loaded, env }: Place,
): Promise<CredentialProvider> {
  const { googleIdentity } = await import('../../storage/gcs/google-identity.ts');
  const file = keyFile && resolve(loaded.directory, keyFile);
  const { token } = googleIdentity({ file, environment: env, scope: GOOGLE_SCOPE });
  return async () => {
    const password = await token().catch((error: unknown) => {
      const problem = error instanceof Error ? error.message : 'no token';
      throw new UpstreamError('unauthorized', problem, { cause: error });
    });
    // The user that Google's registries have for access tokens.
    return { username: 'oauth2accesstoken', password };
  };
}

/** What a registry may be read with; there is none that is narrower and good for all of Google's registries. */
const GOOGLE_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

async function openEcr(
  { region }: OfKind<'aws-ecr'>,
  { host, env, transport }: Place,
): Promise<CredentialProvider> {
  const [{ ecrCredentials, ecrServiceOf }, { awsKeyFinder }] = await Promise.all([
    import('../../upstream/credentials/ecr-credentials.ts'),
    import('../../storage/s3/aws-key.ts'),
  ]);
  const service = ecrServiceOf(host, region);
  if (service === undefined) {
    throw new UpstreamError('unauthorized', `"${host}" does not say its region: say region`);
  }
  const endpoint = env['AWS_ENDPOINT_URL_ECR'] || env['AWS_ENDPOINT_URL'] || undefined;
  const key = awsKeyFinder(service.region);
  return ecrCredentials({ service, endpoint, key, transport, now: Date.now });
}

function unreadable(file: string, cause: unknown): UpstreamError {
  return new UpstreamError('unauthorized', `"${file}" cannot be read`, { cause });
}
