// SPDX-License-Identifier: Apache-2.0

import { isRepository } from '../../core/oci/repository.ts';
import { type CommandInput, optionText, UsageError } from '../command.ts';

const DEFAULT_DIRECTORY = '.archeion/registry';

/** Every command on the folder of a registry has it; the default is that of `archeion dev`. */
export const DIRECTORY_OPTION = {
  flags: '-d, --directory <dir>',
  description: 'the folder of the registry',
  default: DEFAULT_DIRECTORY,
} as const;

/** Every command on a registry that may be somewhere else than in a folder has it, too. */
export const CONFIG_OPTION = {
  flags: '-c, --config <file>',
  description: 'the configuration of the registry, whose `storage` is used instead of a folder',
} as const;

export function directoryOf(input: CommandInput): string {
  return optionText(input, 'directory') ?? DEFAULT_DIRECTORY;
}

/** @throws UsageError */
export function requireRepository(text: string): string {
  if (isRepository(text)) return text;
  throw new UsageError(`"${text}" is no repository: expected a name such as tools/hello`);
}
