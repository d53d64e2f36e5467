// SPDX-License-Identifier: Apache-2.0
import {
  type Command,
  type CommandInput,
  type CommandIo,
  EXIT,
  optionText,
  UsageError,
} from '../command.ts';
import { isRegistryFile, REGISTRY_OPTION } from './is-registry-file.ts';

export const configShow: Command = {
  name: 'config show',
  summary: 'print the configuration as it will be used, defaults included',
  options: [
    {
      flags: '-c, --config <file>',
      description: "the configuration; else the environment's, as for serve",
    },
    REGISTRY_OPTION,
    { flags: '--json', description: 'print JSON instead of YAML' },
  ],
  examples: [
    { line: 'archeion config show --config archeion.yaml', why: 'see which defaults are in force' },
    {
      line: 'archeion config show --config registry.yaml',
      why: 'the same for that of a registry',
    },
    {
      line: 'DEFAULT_AWS_BASE_URL=https://cdn.example.org archeion config show',
      why: "see what archeio's environment amounts to",
    },
  ],
  async run(input, io) {
    const { stringify } = await import('yaml');
    const isRegistry = await isRegistryFile(input, optionText(input, 'config'));
    const document = await (isRegistry ? registryDocument(input) : frontDocument(input, io));
    io.out(
      input.options['json'] === true
        ? `${JSON.stringify(document, undefined, 2)}\n`
        : stringify(document),
    );
    return EXIT.done;
  },
};

async function frontDocument(input: CommandInput, io: CommandIo): Promise<unknown> {
  const { loadConfig } = await import('../load-config.ts');
  const { documentOf } = await import('../../config/config.ts');
  return documentOf((await loadConfig(optionText(input, 'config'), io.env)).config);
}

async function registryDocument(input: CommandInput): Promise<unknown> {
  const { loadRegistryFile } = await import('../registry/registry-config.ts');
  const { registryDocumentOf } = await import('../../config/registry.ts');
  const file = optionText(input, 'config');
  if (file === undefined) throw new UsageError('name the configuration of the registry: --config');
  return registryDocumentOf((await loadRegistryFile(file)).config);
}
