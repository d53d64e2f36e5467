// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';

export const configSchema: Command = {
  name: 'config schema',
  summary: 'print the JSON Schema of the configuration, for editors and other tools',
  examples: [
    {
      line: 'archeion config schema > archeion.schema.json',
      why: 'complete and check in an editor',
    },
  ],
  async run(_, io) {
    const { configJsonSchema } = await import('../../config/config.ts');
    io.out(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
    return EXIT.done;
  },
};
