// SPDX-License-Identifier: Apache-2.0
import type { Users } from '../../core/access/password-file.ts';
import { isPassword } from '../../core/access/user-name.ts';

/**
 * Secrets that everybody knows, because they are printed in documentation: a registry does not start with one.
 * A test looks through our own pages for any that is missing here.
 */
export const SAMPLE_HASHES: ReadonlySet<string> = new Set([
  // docs/how-to/say-who-may-push.md
  '$scrypt$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
]);

/** The public halves of Ed25519 keys, as the `x` of a JWK. */
export const SAMPLE_KEYS: ReadonlySet<string> = new Set([
  '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', // RFC 8032 section 7.1 test 1, RFC 8037 appendix A
  'PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw', // RFC 8032 test 2
  '_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU', // RFC 8032 test 3
]);

/** Passwords that stand in many a guide; they are refused when one is set. */
export const SAMPLE_PASSWORDS: ReadonlySet<string> = new Set([
  'password',
  'changeme',
  'change-me',
  'archeion',
  'testpassword',
  'Harbor12345',
  'admin123',
  'registry',
  'minioadmin',
  '12345678',
  '123456789',
  'correct horse battery staple',
]);

const SHORTEST = 8;

/** What is wrong with a password that somebody wants to set. It is never quoted. */
export function passwordProblem(name: string, password: string): string | undefined {
  if (!isPassword(password))
    return 'a password has at least one character and no control characters';
  if (password.length < SHORTEST) return `a password has at least ${SHORTEST} characters`;
  if (password.toLowerCase() === name.toLowerCase())
    return 'a password is not the name of its user';
  return SAMPLE_PASSWORDS.has(password)
    ? 'this password is in many a guide: take another'
    : undefined;
}

/** What is wrong with users whose hash is printed somewhere. */
export function sampleProblems(users: Users): string[] {
  return [...users]
    .filter(([, { text }]) => SAMPLE_HASHES.has(text))
    .map(([name]) => `the hash of "${name}" is a sample from the documentation: set a password`);
}
