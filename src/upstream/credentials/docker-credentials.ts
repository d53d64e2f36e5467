// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { UpstreamError } from '../upstream-error.ts';
import { cachedCredentials } from './cached-credentials.ts';
import { askHelper, type HelperOptions } from './credential-helper.ts';
import type { CredentialProvider, Credentials } from './credentials.ts';
import { parseDockerConfig } from './docker-config.ts';

export interface DockerCredentialsOptions {
  /** Docker's configuration file. */
  readonly file: string;
  /** Of the registry: `host` or `host:port`. */
  readonly host: string;
  readonly env: HelperOptions['env'];
  readonly now: () => number;
}

/** Milliseconds that they are kept, more than the margin: a helper is a program to be started. */
const KEPT = 120_000;

/** What `docker login` has left: in the file, or with the helper that the file names. */
export function dockerCredentials(options: DockerCredentialsOptions): CredentialProvider {
  const { now } = options;
  const ask = async () => ({ credentials: await look(options), until: now() + KEPT });
  return cachedCredentials(ask, now);
}

async function look({
  file,
  host,
  env,
}: DockerCredentialsOptions): Promise<Credentials | undefined> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UpstreamError('unauthorized', `"${file}" cannot be read`, { cause });
  });
  const login = parseDockerConfig(text, host);
  if (login === undefined) {
    throw new UpstreamError('unauthorized', `"${file}" is no configuration of Docker`);
  }
  const { helper: name, server, credentials } = login;
  const kept = name === undefined ? undefined : await askHelper({ name, server, env });
  return kept ?? credentials;
}
