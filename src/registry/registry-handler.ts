// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../core/oci/content-headers.ts';
import { parseQueryValues, type QueryValues } from '../core/oci/query-values.ts';
import { RegistryError } from '../core/oci/registry-error.ts';
import { parseRegistryRoute, type RegistryRoute } from '../core/oci/registry-route.ts';
import { parseRequestTarget, type RequestTarget } from '../core/oci/request-target.ts';
import type { Handler, HttpAnswer, HttpRequest } from '../protocol/http.ts';
import { allowedMethods } from './allowed-methods.ts';
import { grantOf } from './permission.ts';
import { pullCatalog } from './pull/pull-catalog.ts';
import { type Registry, type RegistryPorts, registryOf } from './registry-ports.ts';
import { badRequest } from './store/refusals.ts';
import { StoreError } from './store/store-error.ts';
import { type ContentRoute, visitContent } from './visit-content.ts';

const ACCEPT: HttpAnswer = {
  status: 200,
  headers: [...API_VERSION, 'Content-Type', 'application/json'],
  body: '{}',
};

/**
 * The distribution API over a store laid out as layout.ts says.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export function registryHandler(ports: RegistryPorts): Handler {
  const registry = registryOf(ports);
  return async (request) => {
    const target = parseRequestTarget(request.target);
    if (target === undefined) throw badRequest('malformed request target');
    const route = parseRegistryRoute(target.path);
    const allowed = allowedMethods(route.kind, registry.settings);
    if (!allowed.includes(request.method)) throw methodNotAllowed(request.method, allowed);
    try {
      const answer = await answerTo(registry, request, { route, target });
      return { ...answer, facts: factsOf(route) };
    } catch (error) {
      request.note?.(factsOf(route));
      // The client gets the same 500 as for anything unexpected; the operator should look at the store.
      if (error instanceof StoreError)
        registry.log.error('store-damaged', error, { key: error.key });
      throw error;
    }
  };
}

interface Asked {
  readonly route: RegistryRoute;
  readonly target: RequestTarget;
}

async function answerTo(
  registry: Registry,
  request: HttpRequest,
  { route, target }: Asked,
): Promise<HttpAnswer> {
  switch (route.kind) {
    case 'api-check':
      return checkApi(registry, request);
    case 'invalid':
      throw new RegistryError(route.code, route.message);
    case 'catalog':
      return visitCatalog(registry, request, target);
    case 'unknown':
      throw nothingHere();
    case 'uploads':
    case 'upload':
      if (registry.settings.readOnly) throw nothingHere();
      return visitRepository(registry, request, { route, target });
    default:
      return visitRepository(registry, request, { route, target });
  }
}

async function checkApi(registry: Registry, request: HttpRequest): Promise<HttpAnswer> {
  const { access } = registry;
  if (access === undefined) return ACCEPT;
  const grant = await access.grantOf(request);
  if (access.asksLogin && grant.name === undefined) throw access.refusal(grant, undefined);
  return ACCEPT;
}

async function visitCatalog(
  registry: Registry,
  request: HttpRequest,
  { query }: RequestTarget,
): Promise<HttpAnswer> {
  const grant = await grantOf(registry, request);
  if (grant.name !== undefined) request.note?.({ user: grant.name });
  return pullCatalog(registry, grant, query);
}

async function visitRepository(
  registry: Registry,
  request: HttpRequest,
  { route, target }: { readonly route: ContentRoute; readonly target: RequestTarget },
): Promise<HttpAnswer> {
  const { storage } = registry;
  const { repository } = route;
  const query = requireQuery(target);
  const grant = await grantOf(registry, request);
  if (grant.name !== undefined) request.note?.({ user: grant.name });
  return visitContent(
    { registry, storage, repository, request, query, grant },
    route,
    target.query,
  );
}

function requireQuery({ query }: RequestTarget): QueryValues {
  const values = parseQueryValues(query);
  if (values !== undefined) return values;
  throw badRequest('malformed query: expected it percent-encoded');
}

function factsOf(route: RegistryRoute) {
  return { route: route.kind, ...('repository' in route && { repository: route.repository }) };
}

function nothingHere(): RegistryError {
  return new RegistryError('UNSUPPORTED', 'there is nothing at this path', { status: 404 });
}

function methodNotAllowed(method: string, allowed: readonly string[]): RegistryError {
  const message = `"${method}" is not possible here`;
  return new RegistryError('UNSUPPORTED', message, { headers: ['Allow', allowed.join(', ')] });
}
