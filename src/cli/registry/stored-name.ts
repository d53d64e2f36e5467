// SPDX-License-Identifier: Apache-2.0
import { parseReference, type Reference } from '../../core/oci/reference.ts';
import { UsageError } from '../command.ts';
import { requireRepository } from './registry-options.ts';

/** What somebody means in a registry of their own. */
export interface StoredName {
  readonly repository: string;
  /** Undefined for the whole repository. */
  readonly reference: Reference | undefined;
}

/**
 * Reads `NAME`, `NAME:TAG` and `NAME@DIGEST`.
 *
 * @throws UsageError
 */
export function requireStoredName(text: string): StoredName {
  const at = text.search(/[:@]/);
  if (at === -1) return { repository: requireRepository(text), reference: undefined };
  const repository = requireRepository(text.slice(0, at));
  const reference = parseReference(text.slice(at + 1));
  const kind = text[at] === ':' ? 'tag' : 'digest';
  if (reference?.kind === kind) return { repository, reference };
  throw new UsageError(
    `"${text.slice(at + 1)}" is no ${kind}: expected NAME, NAME:TAG or NAME@DIGEST`,
  );
}
