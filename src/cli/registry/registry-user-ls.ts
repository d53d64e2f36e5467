// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';
import { FILE_OPTION, passwordFileOf } from './registry-user.ts';

export const registryUserLs: Command = {
  name: 'registry user ls',
  summary: 'list the users of a password file and how their passwords are kept',
  options: [FILE_OPTION, { flags: '--json', description: 'print the list as JSON' }],
  examples: [{ line: 'archeion registry user ls --file users.htpasswd', why: 'who there is' }],
  async run(input, io) {
    const { readPasswordFile } = await import('./password-file.ts');
    const users = [...(await readPasswordFile(passwordFileOf(input)))].map(([name, { kind }]) => ({
      name,
      kind,
    }));
    const lines = users.map(({ name, kind }) => `${name}\t${kind}\n`).join('');
    io.out(input.options['json'] === true ? `${JSON.stringify({ users })}\n` : lines);
    return EXIT.done;
  },
};
