// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT, optionText } from '../command.ts';

export const configShow: Command = {
  name: 'config show',
  summary: 'print the configuration as it will be used, defaults included',
  options: [
    {
      flags: '-c, --config <file>',
      description: "the configuration; else the environment's, as for serve",
    },
    { flags: '--json', description: 'print JSON instead of YAML' },
  ],
  examples: [
    { line: 'archeion config show --config archeion.yaml', why: 'see which defaults are in force' },
    {
      line: 'DEFAULT_AWS_BASE_URL=https://cdn.example.org archeion config show',
      why: "see what archeio's environment amounts to",
    },
  ],
  async run(input, io) {
    const { loadConfig } = await import('../load-config.ts');
    const { documentOf } = await import('../../config/config.ts');
    const { stringify } = await import('yaml');
    const { config } = await loadConfig(optionText(input, 'config'), io.env);
    const document = documentOf(config);
    io.out(
      input.options['json'] === true
        ? `${JSON.stringify(document, undefined, 2)}\n`
        : stringify(document),
    );
    return EXIT.done;
  },
};
