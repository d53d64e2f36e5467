// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { RegistryRoute } from '../../core/oci/registry-route.ts';
import type { Handler, HttpRequest } from '../../protocol/http.ts';
import { parseAuthorization } from '../access/authorization.ts';
import { derivedRequest } from '../observe/derived-request.ts';
import { nameRequest } from '../observe/operation.ts';
import type { Audit, AuditEntry } from './audit.ts';

/**
 * The handler, with a line for every change that it refuses or fails to make, and every login that was wrong.
 * What it does is written down where it is done: only there it is known what came of it.
 */
export function auditingRefusals(handler: Handler, audit: Audit): Handler {
  return async (request) => {
    if (isHarmless(request)) return handler(request);
    let user: string | undefined;
    const noted = derivedRequest(request, {
      noted: (facts) => {
        if (typeof facts['user'] === 'string') user = facts['user'];
      },
    });
    try {
      return await handler(noted);
    } catch (error) {
      const entry = entryOf(request, error, user);
      if (entry !== undefined) await audit(request, entry);
      throw error;
    }
  };
}

/** Reading changes nothing, and whoever says nothing of themselves says nothing wrong. */
function isHarmless(request: HttpRequest): boolean {
  return isRead(request) && request.header('authorization') === undefined;
}

function isRead({ method }: HttpRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function entryOf(
  request: HttpRequest,
  error: unknown,
  user: string | undefined,
): AuditEntry | undefined {
  const { operation, route } = nameRequest(request.method, request.target);
  const code = error instanceof RegistryError ? error.code : undefined;
  const isLogin = operation === 'token' || request.header('authorization') !== undefined;
  if (code === 'UNAUTHORIZED' && isLogin && user === undefined) {
    const claimed = claimedBy(request);
    return { operation: 'login', result: 'refused', claimed, ...placeOf(route), code };
  }
  if (isRead(request) || operation === 'token') return undefined;
  const result = code === undefined ? 'failed' : 'refused';
  return { operation, result, user, ...placeOf(route), code };
}

function claimedBy(request: HttpRequest): string | undefined {
  const authorization = parseAuthorization(request.header('authorization'));
  return authorization.kind === 'basic' ? authorization.login.name : undefined;
}

function placeOf(route: RegistryRoute): Pick<AuditEntry, 'repository' | 'tag' | 'digest'> {
  if (!('repository' in route)) return {};
  const { repository } = route;
  if (route.kind === 'blob') return { repository, digest: route.digest };
  if (route.kind !== 'manifest') return { repository };
  const { reference } = route;
  return reference.kind === 'tag'
    ? { repository, tag: reference.tag }
    : { repository, digest: reference.digest };
}
