// SPDX-License-Identifier: Apache-2.0
import { isRepository } from '../oci/repository.ts';
import type { Action } from './action.ts';
import type { RepositoryScope } from './scope.ts';

/** From the end of a path, since a name may hold any of these words itself. */
const UPLOAD = /\/blobs\/uploads\/[^/]*$/;
const CONTENT = /\/(?:blobs|manifests|referrers|tags)\/[^/]+$/;

/**
 * What a request will need, as far as its first line tells: enough to say in a challenge what token to get.
 * Undefined for what is about no repository. Nothing is allowed or refused by it.
 */
export function wantedBy(method: string, path: string): RepositoryScope | undefined {
  const isUpload = UPLOAD.test(path);
  const end = isUpload ? UPLOAD : CONTENT;
  const repository = path.startsWith('/v2/') ? path.slice(4).replace(end, '') : '';
  if (!end.test(path) || !isRepository(repository)) return undefined;
  return { repository, actions: actionsOf(method, isUpload) };
}

function actionsOf(method: string, isUpload: boolean): readonly Action[] {
  if (isUpload) return ['pull', 'push'];
  if (method === 'GET' || method === 'HEAD') return ['pull'];
  return method === 'DELETE' ? ['delete'] : ['pull', 'push'];
}
