// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { StorageError } from '../storage-error.ts';
import { isAbsence, isConflict, s3ErrorOf, unlessAbsent, wasRepeated } from './s3-errors.ts';

function answered(name: string, httpStatusCode?: number, attempts = 1): Error {
  const $metadata = { httpStatusCode, attempts, requestId: 'r1' };
  return Object.assign(new Error('it went wrong'), { name, $metadata });
}

test.each([
  ['AccessDenied', 403, 'denied'],
  ['Unheard', 401, 'denied'],
  ['AbortError', undefined, 'aborted'],
  ['NoSuchUpload', 404, 'unknown-upload'],
  ['KeyTooLongError', 400, 'invalid-key'],
  ['Unheard', 507, 'no-space'],
  ['NoSuchBucket', 404, 'failed'],
  ['InternalError', 500, 'failed'],
])('%s with %j is %s', (name, status, code) => {
  const error = s3ErrorOf('some/key', answered(name, status));
  expect(error).toMatchObject({ code, key: 'some/key' });
  const where = status === undefined ? 'r1' : `${status}, r1`;
  expect(error.message).toBe(`${name}: it went wrong (${where}) (key "some/key")`);
});

test('nothing that the store said of credentials goes on', () => {
  const error = Object.assign(answered('SignatureDoesNotMatch', 403), { AWSAccessKeyId: 'AKIA' });
  expect(JSON.stringify(s3ErrorOf('key', error))).not.toContain('AKIA');
  expect(s3ErrorOf('key', error).cause).toBeUndefined();
});

test('what the SDK says when it found no credentials is said with where they may be', () => {
  const { message } = s3ErrorOf('key', answered('CredentialsProviderError'));
  expect(message).toContain('set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name files in');
});

test('what has no message says its code, and what is no error is one', () => {
  const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
  expect(s3ErrorOf('key', refused).message).toContain('ECONNREFUSED');
  expect(s3ErrorOf('key', new Error('')).message).toContain('failed');
  expect(s3ErrorOf('key', 'text')).toMatchObject({ code: 'failed' });
  const error = new StorageError('denied', 'key', 'no');
  expect(s3ErrorOf('other', error)).toBe(error);
});

test.each([
  ['NoSuchKey', 404, true, true],
  ['NotFound', 404, true, true],
  ['PreconditionFailed', 412, false, true],
  ['ConditionalRequestConflict', 409, false, true],
  ['NoSuchBucket', 404, false, false],
  ['NoSuchUpload', 404, false, false],
  ['InternalError', 500, false, false],
])('%s with %i: absent %s, conflict %s', (name, status, absent, conflict) => {
  const error = answered(name, status);
  expect([isAbsence(error), isConflict(error)]).toEqual([absent, conflict]);
});

test('absence is a value, and a request that was made twice is known', async () => {
  expect(await unlessAbsent('key', Promise.reject(answered('NoSuchKey', 404)))).toBeUndefined();
  const failed = unlessAbsent('key', Promise.reject(answered('InternalError', 500)));
  await expect(failed).rejects.toMatchObject({ code: 'failed' });
  expect([1, 2].map((attempts) => wasRepeated(answered('x', 412, attempts)))).toEqual([
    false,
    true,
  ]);
});
