// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { Config } from '../../config/schema.ts';
import { whyUnread } from '../../config/why-unread.ts';
import type { CredentialProvider } from '../../upstream/credentials/credentials.ts';
import type { LoadedConfig } from '../load-config.ts';

/** A JSON value: the password itself is nowhere in it. */
export interface Login {
  readonly username: string;
  readonly file: string;
  readonly tokenHosts: readonly string[];
}

type CredentialsConfig = NonNullable<Config['upstreams'][number]['credentials']>;

export function loginOf(credentials: CredentialsConfig, directory: string): Login {
  const { username, passwordFile, tokenHosts } = credentials;
  return { username, file: resolve(directory, passwordFile), tokenHosts };
}

/** Reads it each time it is asked for: tokens are replaced in their file every hour or so. */
export function passwordReader({ username, file }: Login): CredentialProvider {
  return async () => ({ username, password: (await readFile(file, 'utf8')).trim() });
}

/** What the front says who it is, by upstream. */
export type UpstreamCredentials = ReadonlyMap<string, CredentialProvider>;

/** @throws ConfigError naming every file that cannot be read */
export async function readCredentials({
  config,
  origin,
  directory,
}: Pick<LoadedConfig, 'config' | 'origin' | 'directory'>): Promise<UpstreamCredentials> {
  const providers = new Map<string, CredentialProvider>();
  const problems: string[] = [];
  for (const [place, { name, credentials }] of config.upstreams.entries()) {
    if (credentials === undefined) continue;
    const login = loginOf(credentials, directory);
    const read = passwordReader(login);
    providers.set(name, read);
    await read().catch((error: unknown) => {
      const at = `upstreams.${place}.credentials.passwordFile`;
      problems.push(`${at}: "${login.file}" ${whyUnread(error)}`);
    });
  }
  if (problems.length > 0) throw new ConfigError(origin, problems);
  return providers;
}
