// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import { type MirrorConfig, parseMirrorConfig } from '../../config/mirror.ts';
import { type CommandInput, optionText, UsageError } from '../command.ts';
import type { Loaded } from '../load-config.ts';
import { readYaml } from '../read-yaml.ts';

export const MIRROR_OPTIONS = [
  { flags: '-c, --config <file>', description: 'what is mirrored, and where to' },
  { flags: '--json', description: 'print JSON, and progress as lines of it' },
] as const;

/** @throws ConfigError, UsageError when no file is named */
export async function loadMirrorConfig(input: CommandInput): Promise<Loaded<MirrorConfig>> {
  const file = optionText(input, 'config');
  if (file === undefined) throw new UsageError('name a configuration: --config FILE');
  return loadMirrorFile(file);
}

/** @throws ConfigError */
export async function loadMirrorFile(file: string): Promise<Loaded<MirrorConfig>> {
  const origin = resolve(file);
  const result = parseMirrorConfig(await readYaml(origin));
  if (!result.ok) throw new ConfigError(origin, result.problems);
  return { config: result.config, origin, directory: dirname(origin), file: origin };
}
