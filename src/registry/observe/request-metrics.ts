// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { Metrics } from '../../metrics.ts';
import type { Handler, HttpAnswer, HttpRequest } from '../../protocol/http.ts';
import { derivedRequest } from './derived-request.ts';
import { nameRequest, type Operation } from './operation.ts';

/** How a request ended, for whoever counts. */
export type RequestOutcome =
  | 'ok'
  /** Somebody who may not, or did not say who they are. */
  | 'denied'
  | 'not-found'
  | 'invalid'
  /** Something is not where the request says it is: a chunk out of order. */
  | 'conflict'
  | 'limited'
  /** The client left before there was an answer. */
  | 'gone'
  | 'failed';

/** Requests that bring the bytes of a blob. */
const UPLOADS: ReadonlySet<Operation> = new Set(['blob-push', 'upload-chunk']);
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** The handler, counted. */
export function countingRequests(handler: Handler, metrics: Metrics): Handler {
  const requests = metrics.counter(
    'archeion_registry_requests_total',
    'Requests to the registry, by what they ask for and how they ended.',
    ['operation', 'outcome'],
  );
  const received = metrics.counter(
    'archeion_registry_received_bytes_total',
    'Bytes of bodies that clients sent to the registry.',
    ['operation'],
  );
  const uploads = countUploads(metrics);
  return async (request) => {
    const { operation } = nameRequest(request.method, request.target);
    request.note?.({ operation });
    const cell = received.cell(operation);
    const counted = WITH_BODY.has(request.method)
      ? derivedRequest(request, { received: (bytes) => (cell.value += bytes) })
      : request;
    const ended = UPLOADS.has(operation) ? uploads.begin() : undefined;
    try {
      const answer = await handler(counted);
      requests.cell(operation, outcomeOf(operation, answer)).value += 1;
      return answer;
    } catch (error) {
      requests.cell(operation, outcomeOfError(error, request)).value += 1;
      throw error;
    } finally {
      ended?.();
    }
  };
}

function countUploads(metrics: Metrics) {
  let underWay = 0;
  metrics.gauge(
    'archeion_registry_uploads_under_way',
    'Requests that are just bringing the bytes of a blob.',
    () => [{ labels: {}, value: underWay }],
  );
  return {
    begin() {
      underWay += 1;
      return () => {
        underWay -= 1;
      };
    },
  };
}

/** A mount that became an ordinary upload found nothing to mount. */
function outcomeOf(operation: Operation, { status }: HttpAnswer): RequestOutcome {
  if (operation === 'mount' && status === 202) return 'not-found';
  return outcomeOfStatus(status);
}

function outcomeOfError(error: unknown, { signal }: HttpRequest): RequestOutcome {
  if (error instanceof RegistryError) return outcomeOfStatus(error.status);
  return signal.aborted ? 'gone' : 'failed';
}

function outcomeOfStatus(status: number): RequestOutcome {
  if (status < 400) return 'ok';
  if (status >= 500) return 'failed';
  return OUTCOMES[status] ?? 'invalid';
}

const OUTCOMES: Readonly<Record<number, RequestOutcome>> = {
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  409: 'conflict',
  412: 'conflict',
  416: 'conflict',
  429: 'limited',
};
