// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT, UsageError } from '../command.ts';
import { FILE_OPTION, passwordFileOf, userNameOf } from './registry-user.ts';

export const registryUserAdd: Command = {
  name: 'registry user add',
  summary:
    'add a user to a password file, or give one another password; it is read from standard input',
  args: [{ name: '<name>', description: 'letters, digits and `._@+$~-`' }],
  options: [FILE_OPTION],
  examples: [
    {
      line: 'archeion registry user add alice --file users.htpasswd',
      why: 'asks for the password without showing it',
    },
    {
      line: 'archeion registry user add ci --file users.htpasswd < ci-password.txt',
      why: 'from a file that another program made',
    },
  ],
  async run(input, io) {
    const name = userNameOf(input);
    const file = passwordFileOf(input);
    const [{ withUser }, { hashPassword }, { passwordProblem }, { readSecret }, files] =
      await Promise.all([
        import('../../core/access/password-file.ts'),
        import('../../registry/access/password-hash.ts'),
        import('../../registry/access/sample-secrets.ts'),
        import('./read-secret.ts'),
        import('./password-file.ts'),
      ]);
    const password = await readSecret(io.input, io.err);
    const problem = passwordProblem(name, password);
    if (problem !== undefined) throw new UsageError(problem);
    const hash = await hashPassword(password);
    await files.changePasswordFile(file, (text) => withUser(text, name, hash));
    io.out(`${name} has a password in ${file}\n`);
    return EXIT.done;
  },
};
