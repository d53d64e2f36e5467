// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { tokenIn } from './token-answer.ts';

test.each([
  [{ access_token: 'a', expires_in: '60' }, 61_000],
  [{ access_token: 'a', expires_on: '90', expires_in: '1' }, 90_000],
  [{ access_token: 'a' }, 601_000],
])('%j is good until %i', (answer, expiresAt) => {
  expect(tokenIn(answer, 1_000)).toEqual({ value: 'a', expiresAt });
});

test.each([undefined, {}, { access_token: '' }, []])('%j has no token', (answer) => {
  expect(() => tokenIn(answer)).toThrow('an answer without a token');
});
