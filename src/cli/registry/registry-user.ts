// SPDX-License-Identifier: Apache-2.0
import { isUserName } from '../../core/access/user-name.ts';
import { type CommandInput, optionText, UsageError } from '../command.ts';

/** What the commands on users have in common. */
export const FILE_OPTION = {
  flags: '-f, --file <file>',
  description: 'the password file, as in `access.users.file` of the configuration',
  default: 'users.htpasswd',
};

export function passwordFileOf(input: CommandInput): string {
  return optionText(input, 'file') ?? FILE_OPTION.default;
}

/** @throws UsageError when it is none */
export function userNameOf(input: CommandInput): string {
  const [name = ''] = input.args;
  if (isUserName(name)) return name;
  throw new UsageError(
    `"${name}" is no user name: expected letters, digits and "._@+$~-", 128 at most`,
  );
}
