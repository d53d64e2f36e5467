// SPDX-License-Identifier: Apache-2.0
import { type ErrorCode, RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpRequest } from '../../protocol/http.ts';
import { isKnownRepository } from '../store/lists.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';

interface AskedPlace extends RepositoryPlace {
  readonly request?: Pick<HttpRequest, 'method'>;
}

/** Tells a name nobody has pushed to from something it lacks: to whoever gets a body that says it. */
export async function unknownError(
  place: AskedPlace,
  code: ErrorCode,
  what: string,
): Promise<RegistryError> {
  const { repository, request } = place;
  if (request?.method !== 'HEAD' && !(await isKnownRepository(place)))
    return nameUnknown(repository);
  return new RegistryError(code, `"${repository}" has no "${what}"`);
}

export function nameUnknown(repository: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `there is no repository "${repository}"`);
}
