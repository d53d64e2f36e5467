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
 * Whether a file is the configuration of a registry: every one has `storage`, and none of a front does.
 *
 * @throws ConfigError when it cannot be read
 */
export async function isRegistryFile(
  { options }: CommandInput,
  file: string | undefined,
): Promise<boolean> {
  if (options['registry'] === true) return true;
  if (file === undefined) return false;
  const { readYaml } = await import('../read-yaml.ts');
  const document = await readYaml(resolve(file));
  return isObject(document) && 'storage' in document;
}
