// SPDX-License-Identifier: Apache-2.0
import { parseStoredPassword, type StoredPassword } from './stored-password.ts';
import { isUserName } from './user-name.ts';

/** Users and what is stored of their passwords. */
export type Users = ReadonlyMap<string, StoredPassword>;

export type PasswordFileResult =
  | { readonly ok: true; readonly users: Users }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads what `htpasswd -B` and our own command write: a `name:hash` a line, blank lines and `#` comments. One bad
 * line is a problem of the whole: the user it was meant for would be locked out, and nobody would know why. What
 * is stored is never quoted.
 */
export function parsePasswordFile(text: string): PasswordFileResult {
  const users = new Map<string, StoredPassword>();
  const problems: string[] = [];
  for (const [index, line] of linesOf(text).entries()) {
    if (isEmpty(line)) continue;
    const problem = addUser(users, line);
    if (problem !== undefined) problems.push(`line ${index + 1}: ${problem}`);
  }
  return problems.length === 0 ? { ok: true, users } : { ok: false, problems };
}

function addUser(users: Map<string, StoredPassword>, line: string): string | undefined {
  const name = nameOf(line);
  // Not quoted: without a colon it may be a password.
  if (!isUserName(name)) return 'expected a user name, a colon and a hash';
  if (users.has(name)) return `"${name}" comes twice`;
  const stored = parseStoredPassword(line.slice(name.length + 1));
  if (stored === undefined) return `the hash of "${name}" is neither bcrypt nor scrypt as expected`;
  users.set(name, stored);
  return undefined;
}

/** A password file in which a user has this hash; everything else stays as it is. */
export function withUser(text: string, name: string, hash: string): string {
  const line = `${name}:${hash}`;
  const lines = linesOf(text);
  const place = lines.findIndex((one) => isOf(one, name));
  return joined(place === -1 ? [...lines, line] : lines.with(place, line));
}

/** Undefined when there is no such user. */
export function withoutUser(text: string, name: string): string | undefined {
  const lines = linesOf(text);
  const kept = lines.filter((line) => !isOf(line, name));
  return kept.length === lines.length ? undefined : joined(kept);
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function isEmpty(line: string): boolean {
  return line === '' || line.startsWith('#');
}

function isOf(line: string, name: string): boolean {
  return !isEmpty(line) && nameOf(line) === name;
}

/** Everything before the colon; empty without one. */
function nameOf(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf(':')));
}
