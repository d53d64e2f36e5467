// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import { archeioDocument, asksForArcheio } from '../config/archeio.ts';
import { parseConfig } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config, ConfigDocument } from '../config/schema.ts';
import { type CommandIo, UsageError } from './command.ts';
import { packageFile } from './package-files.ts';
import { readYaml } from './read-yaml.ts';

export interface Loaded<Settings> {
  readonly config: Settings;
  /** Where it came from, for messages. */
  readonly origin: string;
  /** What relative paths in it are relative to. */
  readonly directory: string;
  /** The file to watch, when it came from one. */
  readonly file?: string;
}

/** The configuration of the front. */
export type LoadedConfig = Loaded<Config>;

const SHIPPED = packageFile('data/registry.k8s.io.yaml');

/** From `--config`, else `ARCHEION_CONFIG`, else archeio's environment variables; without any, a usage error. */
export async function loadConfig(
  path: string | undefined,
  env: CommandIo['env'],
): Promise<LoadedConfig> {
  const file = path ?? env['ARCHEION_CONFIG'];
  if (file !== undefined) {
    const origin = resolve(file);
    const config = check(await readYaml(origin), origin);
    return { config, origin, directory: dirname(origin), file: origin };
  }
  const variables = {
    UPSTREAM_REGISTRY_ENDPOINT: env['UPSTREAM_REGISTRY_ENDPOINT'],
    UPSTREAM_REGISTRY_PATH: env['UPSTREAM_REGISTRY_PATH'],
    SIGNATURE_UPSTREAM_ENDPOINT: env['SIGNATURE_UPSTREAM_ENDPOINT'],
    DEFAULT_AWS_BASE_URL: env['DEFAULT_AWS_BASE_URL'],
    PORT: env['PORT'],
  };
  if (!asksForArcheio(variables)) throw new UsageError(NOTHING_GIVEN);
  // The shipped document is ours, and the check below reads all of it again.
  const shipped = (await readYaml(SHIPPED)) as ConfigDocument;
  const origin = "archeio's environment variables";
  return { config: check(archeioDocument(shipped, variables), origin), origin, directory: '/' };
}

const NOTHING_GIVEN = `no configuration: give a file, as in

  archeion serve --config archeion.yaml

which may be as short as

  upstreams:
    - { name: main, url: https://registry.example.org }
  backends:
    - { name: cdn, url: https://cdn.example.org }
  routing:
    - { blobs: [cdn] }

or set archeio's environment variables (UPSTREAM_REGISTRY_ENDPOINT and others)`;

function check(document: unknown, origin: string): Config {
  const result = parseConfig(document);
  if (!result.ok) throw new ConfigError(origin, result.problems);
  return result.config;
}
