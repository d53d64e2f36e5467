// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { ListenError } from './listen.ts';

test.each([
  ['EADDRINUSE', /^cannot listen on "::1:80" for "front", another program does: stop it, or /],
  ['EACCES', /for "front", which takes a right of its own below 1024/],
  ['EADDRNOTAVAIL', /this machine has no such address$/],
  ['ENOTFOUND', /nobody knows this name/],
  ['EWHATEVER', /^cannot listen on "::1:80" for "front"$/],
])('%s says what is in the way, and what to do', (code, message) => {
  const error = new ListenError('front', '::1:80', Object.assign(new Error(code), { code }));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(new ListenError('front', 'x', new Error('no code')).code).toBe('UNKNOWN');
});
