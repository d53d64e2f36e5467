// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { isObject } from '../../core/oci/json-object.ts';
import type { CommandInput } from '../command.ts';

/** Commands on a configuration have it where a file alone may not tell. */
export const REGISTRY_OPTION = {
  flags: '--registry',
  description: 'of the registry instead of the front; a file that has `storage` is one anyway',
} as const;

/**
 * Whose configuration a file is: every one of a registry has `storage`, every one of a mirror `source` and `targets`,
 * and none of a front has any of them.
 *
 * @throws ConfigError when it cannot be read
 */
export async function kindOfFile(
  { options }: CommandInput,
  file: string | undefined,
): Promise<'registry' | 'mirror' | 'front'> {
  if (options['registry'] === true) return 'registry';
  if (file === undefined) return 'front';
  const { readYaml } = await import('../read-yaml.ts');
  const document = await readYaml(resolve(file));
  if (!isObject(document)) return 'front';
  if ('storage' in document) return 'registry';
  return 'source' in document || 'targets' in document ? 'mirror' : 'front';
}

/** @throws ConfigError when it cannot be read */
export async function isRegistryFile(
  input: CommandInput,
  file: string | undefined,
): Promise<boolean> {
  return (await kindOfFile(input, file)) === 'registry';
}
