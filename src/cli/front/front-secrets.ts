// SPDX-License-Identifier: Apache-2.0

import type { LoadedConfig } from '../load-config.ts';
import { type OwnershipKeys, readOwnershipKeys } from './front-indexes.ts';
import { readCredentials, type UpstreamCredentials } from './upstream-credentials.ts';

/** What a configuration names by file only. */
export interface FrontSecrets {
  readonly keys: OwnershipKeys;
  readonly credentials: UpstreamCredentials;
}

/** @throws ConfigError naming every file that is missing or not what it should be */
export async function readSecrets(
  loaded: Pick<LoadedConfig, 'config' | 'origin' | 'directory'>,
): Promise<FrontSecrets> {
  return { keys: await readOwnershipKeys(loaded), credentials: await readCredentials(loaded) };
}

/** Passwords are read whenever they are asked for; a key that was replaced in its file takes a new handler. */
export function haveSameKeys({ keys: a }: FrontSecrets, { keys: b }: FrontSecrets): boolean {
  return a.size === b.size && [...a].every(([name, key]) => b.get(name)?.equals(key) === true);
}
