// SPDX-License-Identifier: Apache-2.0

// No colon, which ends a name in `Authorization` and in a password file alike, and nothing that a log or a shell
// would show as something else.
const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@+$~-]{0,127}$/;

export function isUserName(text: string): boolean {
  return USER_NAME.test(text);
}

// RFC 7617 section 2: neither part may hold a control character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const CONTROL = /[\x00-\x1f\x7f]/;

/** Whether a text can be sent as a password at all. */
export function isPassword(text: string): boolean {
  return text !== '' && !CONTROL.test(text);
}
