// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';
import { FILE_OPTION, passwordFileOf, userNameOf } from './registry-user.ts';

export const registryUserRm: Command = {
  name: 'registry user rm',
  summary:
    'take a user out of a password file; a registry that reads it refuses them a second later',
  args: [{ name: '<name>', description: 'as it is in the file' }],
  options: [FILE_OPTION],
  examples: [
    { line: 'archeion registry user rm alice --file users.htpasswd', why: 'somebody has left' },
  ],
  async run(input, io) {
    const name = userNameOf(input);
    const file = passwordFileOf(input);
    const [{ withoutUser }, { changePasswordFile, readPasswordFile }] = await Promise.all([
      import('../../core/access/password-file.ts'),
      import('./password-file.ts'),
    ]);
    const isThere = (await readPasswordFile(file)).has(name);
    if (!isThere) {
      io.err(`archeion: there is no "${name}" in ${file}\n`);
      return EXIT.failed;
    }
    await changePasswordFile(file, (text) => withoutUser(text, name));
    io.out(`${name} is no longer in ${file}\n`);
    return EXIT.done;
  },
};
