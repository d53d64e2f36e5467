// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../../config/config-error.ts';
import { whyUnread } from '../../config/why-unread.ts';
import { parsePasswordFile, type Users } from '../../core/access/password-file.ts';
import type { Log } from '../../log.ts';
import { sampleProblems } from './sample-secrets.ts';

export interface UserPorts {
  readonly readFile: (path: string) => Promise<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

/** The users of a password file, as it is now. */
export interface UserList {
  current(): Promise<Users>;
}

/** So long it is not looked at again: whoever is taken out of the file is out a second later. */
const LOOK_AGAIN_AFTER = 1_000;

/** Nobody can log in. */
export const NO_USERS: UserList = { current: async () => new Map() };

/**
 * It is read again when somebody asks and a second has passed, rather than watched: network file systems tell
 * nobody of a change, and the file is small. What cannot be used does not count, and the users before stay.
 *
 * @throws ConfigError when it cannot be used at the start
 */
export async function openUsers(
  path: string,
  { readFile, now, log }: UserPorts,
): Promise<UserList> {
  let users = usersOf(path, await textOf(path, readFile));
  let lookedAt = now();
  let problem: string | undefined;
  let turn: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      users = usersOf(path, await textOf(path, readFile));
      problem = undefined;
    } catch (error) {
      const found = String(error);
      if (found !== problem) log.error('users-refused', error, { kept: users.size });
      problem = found; // said once, and not each second
    }
    lookedAt = now();
    turn = undefined;
  }

  return {
    async current() {
      // A clock that was put back counts as well.
      if (Math.abs(now() - lookedAt) < LOOK_AGAIN_AFTER) return users;
      turn ??= look();
      await turn;
      return users;
    },
  };
}

function textOf(path: string, readFile: UserPorts['readFile']): Promise<string> {
  return readFile(path).catch((error: unknown) => {
    const advice = `\`archeion registry user add NAME --file ${path}\` makes one`;
    throw new ConfigError(path, [`the password file ${whyUnread(error)}; ${advice}`]);
  });
}

function usersOf(path: string, text: string): Users {
  const result = parsePasswordFile(text);
  const problems = result.ok ? sampleProblems(result.users) : result.problems;
  if (result.ok && problems.length === 0) return result.users;
  throw new ConfigError(path, problems);
}
