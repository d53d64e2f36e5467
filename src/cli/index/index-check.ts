// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT, optionText } from '../command.ts';

export const indexCheck: Command = {
  name: 'index check',
  summary: 'say whether a front would believe a digest index, and whether it is true of a folder',
  args: [{ name: '<location>', description: 'an index or a pointer to one: a file or a URL' }],
  options: [
    { flags: '--backend <name>', description: 'the name of the backend in the configuration' },
    { flags: '--url <url>', description: 'the URL of the backend in the configuration' },
    {
      flags: '--public-key <file>',
      description: 'the Ed25519 key that has to have signed it, in PEM',
    },
    { flags: '--against <folder>', description: 'compare it with what is in this folder' },
    {
      flags: '--blob-path <template>',
      description: 'where the folder keeps a blob',
      default: 'containers/images/{digest}',
    },
  ],
  examples: [
    {
      line: 'archeion index check https://dublin.example.org/archeion/index --backend dublin --url https://dublin.example.org --public-key key.pub.pem',
      why: 'as the front does it; exit code 4 when it would refuse',
    },
  ],
  async run(input, io) {
    const { checkIndex } = await import('./index-checking.ts');
    const folder = optionText(input, 'against');
    const { problems, summary } = await checkIndex(input, folder, Date.now());
    for (const problem of problems) io.err(`archeion: ${problem}\n`);
    if (problems.length > 0) return EXIT.refused;
    io.out(`${summary}\n`);
    return EXIT.done;
  },
};
