// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { parseYaml } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { whyUnread } from '../config/why-unread.ts';

/** @throws ConfigError */
export async function readYaml(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigError(path, [whyUnread(error)]);
  }
  const result = parseYaml(text);
  if (!result.ok) throw new ConfigError(path, result.problems);
  return result.document;
}
