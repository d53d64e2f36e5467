// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import { parseRegistryConfig, type RegistryConfig } from '../../config/registry.ts';
import { type CommandInput, optionText, UsageError } from '../command.ts';
import type { Loaded } from '../load-config.ts';
import { readYaml } from '../read-yaml.ts';
import { directoryOf } from './registry-options.ts';

/** The configuration of a registry. */
export type LoadedRegistry = Loaded<RegistryConfig>;

/** What stands in for a file in the simplest case; the admin listener then is on the port above. */
const FLAGS = ['directory', 'host', 'port', 'readOnly'] as const;

/**
 * From the file that `--config` names, or from the other options.
 *
 * @throws ConfigError, UsageError when both are given
 */
export async function loadRegistryConfig(input: CommandInput): Promise<LoadedRegistry> {
  const file = optionText(input, 'config');
  if (file === undefined) return fromFlags(input);
  const given = FLAGS.filter((name) => input.options[name] !== undefined);
  if (given.length > 0) {
    throw new UsageError(`--config says everything: leave out ${given.map(flagOf).join(', ')}`);
  }
  return loadRegistryFile(file);
}

/** @throws ConfigError */
export async function loadRegistryFile(file: string): Promise<LoadedRegistry> {
  const origin = resolve(file);
  const config = check(await readYaml(origin), origin);
  return { config, origin, directory: dirname(origin), file: origin };
}

function fromFlags(input: CommandInput): LoadedRegistry {
  const host = optionText(input, 'host') ?? '127.0.0.1';
  const port = requirePort(optionText(input, 'port') ?? '5000');
  const document = {
    listen: { host, port },
    admin: { port: port === 0 ? 0 : port + 1 },
    storage: { kind: 'filesystem', directory: directoryOf(input) },
    readOnly: input.options['readOnly'] === true,
  };
  const origin = 'the command line';
  return { config: check(document, origin), origin, directory: resolve('.') };
}

const HIGHEST_PORT = 65_534;

function requirePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= HIGHEST_PORT) return port;
  throw new UsageError(`--port ${text}: expected a number up to ${HIGHEST_PORT}`);
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function check(document: unknown, origin: string): RegistryConfig {
  const result = parseRegistryConfig(document);
  if (!result.ok) throw new ConfigError(origin, result.problems);
  return result.config;
}
