// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { RegistryError } from '../core/oci/registry-error.ts';
import { openLog, silentLog } from '../log.ts';
import { errorAnswer } from './error-response.ts';

const noId = (): string => {
  throw new Error('no id was needed');
};

test('a refusal is answered with its own status, headers, code, message and detail', () => {
  const error = new RegistryError('MANIFEST_INVALID', 'too large', {
    status: 413,
    headers: ['Retry-After', '1'],
    detail: { limit: 4 },
    cause: new Error('inner'),
  });
  const { status, headers, body, facts } = errorAnswer(error, noId, silentLog);
  expect({ status, headers, facts }).toEqual({
    status: 413,
    headers: ['Content-Type', 'application/json', 'Retry-After', '1'],
    facts: { code: 'MANIFEST_INVALID' },
  });
  expect(JSON.parse(String(body))).toEqual({
    errors: [{ code: 'MANIFEST_INVALID', message: 'too large', detail: { limit: 4 } }],
  });
});

test.each([
  ['an error', new Error('the password is "tulip"')],
  ['an error with a status of its own', Object.assign(new Error('tulip'), { status: 418 })],
  ['text', 'tulip'],
  ['nothing', undefined],
])('%s that is no refusal is a 500 of which the client learns the request id only', (_, error) => {
  const answer = errorAnswer(error, () => 'id-1', silentLog);
  expect(answer.status).toBe(500);
  expect(JSON.parse(String(answer.body))).toEqual({
    errors: [{ code: 'UNKNOWN', message: 'internal error, request "id-1"' }],
  });
});

test('a failure is logged once, whole, with the id the client was given', () => {
  const lines: string[] = [];
  const error = new Error('outer', { cause: new Error('inner') });
  errorAnswer(
    error,
    () => 'id-1',
    openLog('info', (line) => lines.push(line)),
  );
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      event: 'request-failed',
      requestId: 'id-1',
      err: { message: 'outer', cause: { message: 'inner', stack: expect.any(String) } },
    },
  ]);
});

test('a refusal is not logged as a failure', () => {
  const lines: string[] = [];
  errorAnswer(
    new RegistryError('DENIED', 'no'),
    noId,
    openLog('info', (line) => lines.push(line)),
  );
  expect(lines).toEqual([]);
});
