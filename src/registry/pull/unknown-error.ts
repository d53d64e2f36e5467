// SPDX-License-Identifier: Apache-2.0
import { type ErrorCode, RegistryError } from '../../core/oci/registry-error.ts';
import { isKnownRepository } from '../store/lists.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';

/** Tells a name nobody has pushed to from something it lacks. */
export async function unknownError(
  place: RepositoryPlace,
  code: ErrorCode,
  what: string,
): Promise<RegistryError> {
  const { repository } = place;
  if (!(await isKnownRepository(place))) return nameUnknown(repository);
  return new RegistryError(code, `"${repository}" has no "${what}"`);
}

export function nameUnknown(repository: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `there is no repository "${repository}"`);
}
