// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { StorageError } from '../storage-error.ts';
import { storeError, transportError } from './store-problem.ts';

test.each([
  [401, 'denied'],
  [403, 'denied'],
  [507, 'no-space'],
  [500, 'failed'],
])('a refusal with %i is %s', (status, code) => {
  const error = storeError('some/key', status, { name: 'Problem', message: 'it is so' });
  expect(error).toMatchObject({ code, key: 'some/key' });
  expect(error.message).toBe(`Problem: it is so (${status}) (key "some/key")`);
});

test('what never got an answer says why, by its message or its code', () => {
  const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
  expect(transportError('key', refused).message).toContain('ECONNREFUSED');
  expect(transportError('key', new Error('other side closed')).message).toContain('other side');
  expect(transportError('key', new Error('')).message).toContain('Error');
  expect(transportError('key', 'text')).toMatchObject({ code: 'failed', key: 'key' });
  const known = new StorageError('aborted', 'key', 'aborted');
  expect(transportError('other', known)).toBe(known);
});
