// SPDX-License-Identifier: Apache-2.0
import { parseQueryValues } from './query-values.ts';

/** The parameters of a list request. */
export type ListQuery = ReadonlyMap<string, string>;

/**
 * Reads a query, percent-decoded once. Undefined when it is malformed or says something twice: two readers
 * could take one value each.
 *
 * @param query with its question mark, or empty
 */
export function parseListQuery(query: string): ListQuery | undefined {
  const values = parseQueryValues(query);
  if (values === undefined) return undefined;
  if ([...values.values()].some((several) => several.length > 1)) return undefined;
  return new Map([...values].map(([name, several]) => [name, several.join('')]));
}
