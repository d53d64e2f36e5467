// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';

export const indexShow: Command = {
  name: 'index show',
  summary: 'print what a digest index says of itself',
  args: [{ name: '<location>', description: 'an index or a pointer to one: a file or a URL' }],
  options: [{ flags: '--json', description: 'print JSON' }],
  examples: [
    {
      line: 'archeion index show https://dublin.example.org/archeion/index',
      why: 'what is in force',
    },
  ],
  async run(input, io) {
    const [{ locateIndex }, { indexReport, reportText }] = await Promise.all([
      import('./index-location.ts'),
      import('./index-report.ts'),
    ]);
    const [location = ''] = input.args;
    const report = indexReport(await locateIndex(location), Date.now());
    if (typeof report === 'string') {
      io.err(`archeion: "${location}" is no digest index: ${report}\n`);
      return EXIT.refused;
    }
    io.out(input.options['json'] === true ? `${JSON.stringify(report)}\n` : reportText(report));
    return EXIT.done;
  },
};
