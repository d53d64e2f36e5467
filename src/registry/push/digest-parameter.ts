// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import type { QueryValues } from '../../core/oci/query-values.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';

/**
 * The digest that a parameter of a request says; undefined when there is no such parameter.
 *
 * @throws RegistryError `DIGEST_INVALID`, also for two of them: which one was meant?
 */
export function digestParameter(query: QueryValues, name: string): Digest | undefined {
  const [value, ...others] = query.get(name) ?? [];
  if (value === undefined) return undefined;
  const digest = parseDigest(value);
  if (digest !== undefined && others.length === 0) return digest;
  throw new RegistryError('DIGEST_INVALID', `expected one "${name}" with one valid digest`);
}

export function requireDigest(query: QueryValues): Digest {
  const digest = digestParameter(query, 'digest');
  if (digest !== undefined) return digest;
  throw new RegistryError('DIGEST_INVALID', 'a "digest" is needed to finish an upload');
}
