// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { isPassword, isUserName } from './user-name.ts';

test.each(['a', 'alice', 'ci-01', 'a.b_c@example.org', 'robot$ci', 'constructor', 'A'.repeat(128)])(
  '%s is a user name',
  (text) => {
    expect(isUserName(text)).toBe(true);
  },
);

test.each(['', ' ', 'a:b', 'a b', '__proto__', '-f', '#a', 'a\n', 'ä', 'a/b', 'A'.repeat(129)])(
  '%j is none',
  (text) => {
    expect(isUserName(text)).toBe(false);
  },
);

test.each([
  ['x', true],
  ['ü ß:;', true],
  ['', false],
  ['a\0', false],
  ['a\n', false],
  ['\x7f', false],
])('whether %j can be a password: %s', (text, can) => {
  expect(isPassword(text)).toBe(can);
});
