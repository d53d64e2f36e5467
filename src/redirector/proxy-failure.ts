// SPDX-License-Identifier: Apache-2.0
import { errorBody, RegistryError } from '../core/oci/registry-error.ts';
import type { HttpAnswer } from '../protocol/http.ts';
import type { UpstreamError } from '../upstream/upstream-error.ts';

/** Nobody may have every connection of the front: pulls that are redirected go on as before. */
export const BUSY: HttpAnswer = gatewayAnswer(503, 'too many pulls are fetched at this moment', [
  'Retry-After',
  '1',
]);

/**
 * What a client hears of a fetch that failed: what it may do, and not how we get in there. The operator
 * finds the cause in the log.
 *
 * @throws RegistryError for what is between the client and the upstream
 */
export function failureAnswer({ code, status, retryAfter }: UpstreamError): HttpAnswer {
  if (status === 429) throw tooMany(retryAfter);
  if (status === 416) throw noSuchRange();
  if (code === 'timeout') return gatewayAnswer(504, 'the registry behind this name is too slow');
  return gatewayAnswer(502, 'the registry behind this name could not be asked');
}

function tooMany(retryAfter: number | undefined): RegistryError {
  const seconds = Math.ceil((retryAfter ?? 1_000) / 1_000);
  const message = 'the registry behind this name limits how often it is asked';
  return new RegistryError('TOOMANYREQUESTS', message, {
    headers: ['Retry-After', String(Math.max(1, seconds))],
  });
}

function noSuchRange(): RegistryError {
  return new RegistryError('SIZE_INVALID', 'the blob has no such range', { status: 416 });
}

function gatewayAnswer(
  status: number,
  message: string,
  headers: readonly string[] = [],
): HttpAnswer {
  return {
    status,
    headers: ['Content-Type', 'application/json', ...headers],
    body: errorBody('UNKNOWN', `${message}; try again in a moment`),
    facts: { code: 'UNKNOWN' },
  };
}
