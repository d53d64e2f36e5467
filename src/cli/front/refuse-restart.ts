// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '../../config/config-error.ts';
import type { Config } from '../../config/schema.ts';
import type { Loaded, LoadedConfig } from '../load-config.ts';

/** Listeners are open already, and workers started. One that speaks TLS can be given another certificate, but not stop to. */
const NEEDS_RESTART: ReadonlyArray<readonly [string, (config: Config) => unknown]> = [
  ['listen', ({ listen }) => ({ ...listen, tls: undefined })],
  ['listen.tls', ({ listen }) => listen.tls !== undefined],
  ['admin', ({ admin }) => admin],
  ['workers', ({ workers }) => workers],
];

/** @throws ConfigError when the next configuration differs in what is decided at the start */
export function refuseRestart(config: Config, next: LoadedConfig): void {
  refuseChanges(NEEDS_RESTART, config, next);
}

/** @throws ConfigError that names each of the parts which differ */
export function refuseChanges<Settings>(
  parts: ReadonlyArray<readonly [string, (config: Settings) => unknown]>,
  config: Settings,
  { config: next, origin }: Loaded<Settings>,
): void {
  const changed = parts.filter(([, of]) => !isDeepStrictEqual(of(config), of(next)));
  if (changed.length === 0) return;
  throw new ConfigError(
    origin,
    changed.map(([key]) => `${key}: takes a restart to change; everything else stays as it was`),
  );
}
