// SPDX-License-Identifier: Apache-2.0
import { errorBody, RegistryError } from '../core/oci/registry-error.ts';
import type { Log } from '../log.ts';
import type { KnownAnswer } from './answer-sink.ts';

/**
 * The one place where a failure becomes an answer. A RegistryError is the client's business; of anything
 * else the client learns an id, by which the operator finds the log line.
 *
 * @param requestId makes the id when it is first asked for: most refusals need none
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
export function errorAnswer(error: unknown, requestId: () => string, log: Log): KnownAnswer {
  if (error instanceof RegistryError) {
    return {
      status: error.status,
      headers: ['Content-Type', 'application/json', ...error.headers],
      body: errorBody(error.code, error.message, error.detail),
      facts: { code: error.code },
    };
  }
  const id = requestId();
  log.error('request-failed', error, { requestId: id });
  return {
    status: 500,
    headers: ['Content-Type', 'application/json'],
    body: errorBody('UNKNOWN', `internal error, request "${id}"`),
    facts: { code: 'UNKNOWN' },
  };
}
