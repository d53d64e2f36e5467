// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { whyUnread } from './why-unread.ts';

function failed(code: string): Error {
  return Object.assign(new Error(`${code}: as the system says it`), { code });
}

test.each([
  [failed('ENOENT'), 'there is no such file'],
  [failed('EACCES'), 'the user that this program runs as may not'],
  [failed('EPERM'), 'the user that this program runs as may not'],
  [failed('EISDIR'), 'it is a folder'],
  [failed('EIO'), 'EIO: as the system says it'],
  [new Error('no code at all'), 'no code at all'],
  ['no error at all', 'no error at all'],
])('%s is told as "%s"', (error, reason) => {
  expect(whyUnread(error)).toBe(`cannot be read: ${reason}`);
});
