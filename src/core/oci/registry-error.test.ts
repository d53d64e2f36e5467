// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { errorBody, RegistryError } from './registry-error.ts';

test('an error has the status of its code unless it says otherwise', () => {
  expect(new RegistryError('NAME_INVALID', 'bad').status).toBe(400);
  expect(new RegistryError('UNSUPPORTED', 'no', { status: 404 }).status).toBe(404);
});

test('the body has the form of the specification, and never the cause', () => {
  const error = new RegistryError('DENIED', 'no', { cause: new Error('secret'), detail: { a: 1 } });
  expect(JSON.parse(errorBody(error.code, error.message, error.detail))).toEqual({
    errors: [{ code: 'DENIED', message: 'no', detail: { a: 1 } }],
  });
});
