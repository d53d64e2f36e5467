// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';
import { REGISTRY_OPTION } from './is-registry-file.ts';

export const configSchema: Command = {
  name: 'config schema',
  summary: 'print the JSON Schema of the configuration, for editors and other tools',
  options: [{ ...REGISTRY_OPTION, description: 'of the registry instead of the front' }],
  examples: [
    {
      line: 'archeion config schema > archeion.schema.json',
      why: 'complete and check in an editor',
    },
    {
      line: 'archeion config schema --registry > registry.schema.json',
      why: 'the same for that of a registry',
    },
  ],
  async run({ options }, io) {
    const schema = options['registry'] === true ? await registrySchema() : await frontSchema();
    io.out(`${JSON.stringify(schema, undefined, 2)}\n`);
    return EXIT.done;
  },
};

async function frontSchema(): Promise<unknown> {
  return (await import('../../config/config.ts')).configJsonSchema();
}

async function registrySchema(): Promise<unknown> {
  return (await import('../../config/registry.ts')).registryJsonSchema();
}
