// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { StorageError } from '../storage-error.ts';
import { errorCode, storageErrorOf } from './filesystem-errors.ts';

test.each([
  ['ENOSPC', 'no-space'],
  ['EDQUOT', 'no-space'],
  ['EACCES', 'denied'],
  ['EROFS', 'denied'],
  ['ENAMETOOLONG', 'invalid-key'],
  ['EIO', 'failed'],
])('%s is %s', (code, expected) => {
  const cause = Object.assign(new Error('it went wrong'), { code });
  const error = storageErrorOf('some/key', cause);
  expect(error).toMatchObject({ code: expected, key: 'some/key', cause });
  expect(error.message).toBe('it went wrong (key "some/key")');
});

test('an error of ours stays what it is, and whatever else is thrown becomes one', () => {
  const error = new StorageError('denied', 'key', 'no');
  expect(storageErrorOf('other', error)).toBe(error);
  expect(storageErrorOf('key', 'text')).toMatchObject({ code: 'failed', cause: 'text' });
  expect(errorCode({ code: 'ENOENT' })).toBe('');
  expect(errorCode(Object.assign(new Error(), { code: 7 }))).toBe('');
});
