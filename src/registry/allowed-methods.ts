// SPDX-License-Identifier: Apache-2.0
import type { RegistryRoute } from '../core/oci/registry-route.ts';
import type { RegistrySettings } from './registry-ports.ts';

const READS: readonly string[] = ['GET', 'HEAD'];

/** Everything that may be done, by what it is done to. What is not here is refused. */
const METHODS: Readonly<Record<RegistryRoute['kind'], readonly string[]>> = {
  'api-check': READS,
  manifest: [...READS, 'PUT', 'DELETE'],
  blob: [...READS, 'DELETE'],
  tags: READS,
  referrers: READS,
  uploads: ['POST'],
  upload: [...READS, 'PATCH', 'PUT', 'DELETE'],
  // Whoever pushes to a name or digest that cannot be learns which it is, and not that pushing is impossible.
  invalid: [...READS, 'POST', 'PATCH', 'PUT', 'DELETE'],
  // What there is none of is so for every method that could be understood.
  catalog: READS,
  unknown: READS,
};

/** To cancel an upload deletes nothing that anybody could pull. */
const CONTENT: readonly RegistryRoute['kind'][] = ['manifest', 'blob'];

export function allowedMethods(
  kind: RegistryRoute['kind'],
  { readOnly, deletes }: RegistrySettings,
): readonly string[] {
  if (readOnly) return READS;
  const methods = METHODS[kind];
  return deletes || !CONTENT.includes(kind)
    ? methods
    : methods.filter((method) => method !== 'DELETE');
}
