// SPDX-License-Identifier: Apache-2.0
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { parsePasswordFile, type Users } from '../../core/access/password-file.ts';
import { UsageError } from '../command.ts';

/** For the owner alone, until somebody changes it. */
const MODE = 0o600;

/** @throws UsageError when there is no such file */
export async function readPasswordFile(file: string): Promise<Users> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`"${file}" cannot be read`, { cause: error });
  });
  const result = parsePasswordFile(text);
  if (result.ok) return result.users;
  throw new UsageError(result.problems.map((problem) => `${file}: ${problem}`).join('\n'));
}

/**
 * Changes a password file as a whole. The new one is written beside it under a name that only one can have at a
 * time, so two that change it at once lose nothing, and whoever reads it never sees a half.
 *
 * @param change the text it should have; undefined leaves it as it is
 */
export async function changePasswordFile(
  file: string,
  change: (text: string) => string | undefined,
): Promise<void> {
  const real = await realpath(file).catch(() => file); // what a link leads to is replaced, not the link
  const beside = `${real}.lock`;
  const mode = (await stat(real).catch(() => undefined))?.mode ?? MODE;
  const lock = await open(beside, 'wx', mode & 0o777).catch((error: unknown) => {
    throw new UsageError(`"${beside}" cannot be made: is somebody else changing the file?`, {
      cause: error,
    });
  });
  try {
    const text = change(await textOf(real));
    if (text !== undefined) await lock.writeFile(text);
    await lock.sync();
    await lock.close();
    await (text === undefined ? rm(beside) : rename(beside, real));
  } catch (error) {
    await lock.close();
    await rm(beside, { force: true });
    throw error;
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
