// SPDX-License-Identifier: Apache-2.0
import { parseRegistryRoute, type RegistryRoute } from '../../core/oci/registry-route.ts';
import { parseRequestTarget } from '../../core/oci/request-target.ts';
import { TOKEN_PATH } from '../access/token-endpoint.ts';

/** What is asked of a registry. Metrics, log and audit speak of it by these words, and there are no others. */
export const OPERATIONS = [
  'api-check',
  'token',
  'manifest-pull',
  'manifest-push',
  'manifest-delete',
  'tag-delete',
  'blob-pull',
  'blob-push',
  'blob-delete',
  'mount',
  'upload-start',
  'upload-chunk',
  'upload-status',
  'upload-cancel',
  'catalog-list',
  'tags-list',
  'referrers-list',
  'other',
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** A request in the words of the registry. */
export interface NamedRequest {
  readonly operation: Operation;
  readonly route: RegistryRoute;
}

export function nameRequest(method: string, text: string): NamedRequest {
  const target = parseRequestTarget(text);
  if (target === undefined) return { operation: 'other', route: { kind: 'unknown' } };
  const route = parseRegistryRoute(target.path);
  if (target.path === TOKEN_PATH) return { operation: 'token', route };
  return { operation: operationOf(method, route, target.query), route };
}

function operationOf(method: string, route: RegistryRoute, query: string): Operation {
  const isRead = method === 'GET' || method === 'HEAD';
  switch (route.kind) {
    case 'api-check':
      return isRead ? 'api-check' : 'other';
    case 'manifest':
      return (isRead ? 'manifest-pull' : manifestChange(method, route.reference.kind)) ?? 'other';
    case 'blob':
      return (isRead ? 'blob-pull' : BLOB[method]) ?? 'other';
    case 'uploads':
      return method === 'POST' ? startOf(query) : 'other';
    case 'upload':
      return (isRead ? 'upload-status' : UPLOAD[method]) ?? 'other';
    case 'catalog':
      return isRead ? 'catalog-list' : 'other';
    case 'tags':
      return isRead ? 'tags-list' : 'other';
    case 'referrers':
      return isRead ? 'referrers-list' : 'other';
    default:
      return 'other';
  }
}

const BLOB: Readonly<Record<string, Operation>> = { DELETE: 'blob-delete' };
const UPLOAD: Readonly<Record<string, Operation>> = {
  PATCH: 'upload-chunk',
  PUT: 'blob-push',
  DELETE: 'upload-cancel',
};

function manifestChange(method: string, reference: 'tag' | 'digest'): Operation | undefined {
  if (method === 'PUT') return 'manifest-push';
  if (method !== 'DELETE') return undefined;
  return reference === 'tag' ? 'tag-delete' : 'manifest-delete';
}

/** What a POST is for stands in its query. */
function startOf(query: string): Operation {
  if (/[?&]mount=/.test(query)) return 'mount';
  return /[?&]digest=/.test(query) ? 'blob-push' : 'upload-start';
}
