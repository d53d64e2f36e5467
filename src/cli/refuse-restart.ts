// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import type { LoadedConfig } from './load-config.ts';

/** Listeners are open already, and workers started. */
const NEEDS_RESTART = ['listen', 'admin', 'workers'] as const;

/** @throws ConfigError when the next configuration differs in what is decided at the start */
export function refuseRestart(config: Config, { config: next, origin }: LoadedConfig): void {
  const changed = NEEDS_RESTART.filter((key) => !isDeepStrictEqual(config[key], next[key]));
  if (changed.length === 0) return;
  throw new ConfigError(
    origin,
    changed.map((key) => `${key}: takes a restart to change; everything else stays as it was`),
  );
}
