// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from './command.ts';

export const configCheck: Command = {
  name: 'config check',
  summary: 'say whether a configuration would be accepted, and everything that is wrong with it',
  args: [{ name: '<file>', description: 'the configuration' }],
  examples: [{ line: 'archeion config check archeion.yaml', why: 'before it is rolled out' }],
  async run({ args }, io) {
    const { loadConfig } = await import('./load-config.ts');
    const { origin } = await loadConfig(args[0], {}); // throws a ConfigError with every problem
    io.out(`${origin}: ok\n`);
    return EXIT.done;
  },
};
