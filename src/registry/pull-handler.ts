// SPDX-License-Identifier: Apache-2.0

import { API_VERSION } from '../core/oci/content-headers.ts';
import { RegistryError } from '../core/oci/registry-error.ts';
import { parseRegistryRoute, type RegistryRoute } from '../core/oci/registry-route.ts';
import { parseRequestTarget, type RequestTarget } from '../core/oci/request-target.ts';
import type { Log } from '../log.ts';
import type { Handler, HttpAnswer, HttpRequest } from '../protocol/http.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { pullBlob } from './pull-blob.ts';
import { pullReferrers, pullTags } from './pull-lists.ts';
import { pullManifest } from './pull-manifest.ts';
import { StoreError } from './store-error.ts';

export interface PullPorts {
  readonly storage: StorageDriver;
  readonly log: Log;
}

const ACCEPT: HttpAnswer = {
  status: 200,
  headers: [...API_VERSION, 'Content-Type', 'application/json'],
  body: '{}',
};

/**
 * The read half of the distribution API, over a store laid out as layout.ts says.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull
 */
export function pullHandler({ storage, log }: PullPorts): Handler {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    const target = parseRequestTarget(request.target);
    if (target === undefined) throw targetInvalid();
    const route = parseRegistryRoute(target.path);
    try {
      const answer = await answerTo({ route, target, request, storage });
      return { ...answer, facts: factsOf(route) };
    } catch (error) {
      // The client gets the same 500 as for anything unexpected; the operator should look at the store.
      if (error instanceof StoreError) log.error('store-damaged', error, { key: error.key });
      throw error;
    }
  };
}

interface Question {
  readonly route: RegistryRoute;
  readonly target: RequestTarget;
  readonly request: HttpRequest;
  readonly storage: StorageDriver;
}

async function answerTo({ route, target, request, storage }: Question): Promise<HttpAnswer> {
  switch (route.kind) {
    case 'api-check':
      return ACCEPT;
    case 'manifest':
      return pullManifest({ storage, repository: route.repository }, route.reference, request);
    case 'blob':
      return pullBlob({ storage, ...route }, request);
    case 'tags':
      return pullTags({ storage, repository: route.repository }, target.query);
    case 'referrers':
      return pullReferrers({ storage, repository: route.repository }, route.digest, target.query);
    case 'invalid':
      throw new RegistryError(route.code, route.message);
    case 'catalog':
      throw new RegistryError('UNSUPPORTED', 'there is no catalog', { status: 404 });
    case 'unknown':
      throw new RegistryError('UNSUPPORTED', 'there is nothing at this path', { status: 404 });
  }
}

function factsOf(route: RegistryRoute) {
  return { route: route.kind, ...('repository' in route && { repository: route.repository }) };
}

function methodNotAllowed(): RegistryError {
  const message = 'this registry only serves pulls';
  return new RegistryError('UNSUPPORTED', message, { headers: ['Allow', 'GET, HEAD'] });
}

function targetInvalid(): RegistryError {
  const message = 'malformed request target: expected a path in visible ASCII';
  return new RegistryError('UNSUPPORTED', message, { status: 400 });
}
