// SPDX-License-Identifier: Apache-2.0

/** The parameters of a list request. */
export type ListQuery = ReadonlyMap<string, string>;

/**
 * Reads a query, percent-decoded once. Undefined when it is malformed or says something twice: two readers
 * could take one value each.
 *
 * @param query with its question mark, or empty
 */
export function parseListQuery(query: string): ListQuery | undefined {
  const parameters = new Map<string, string>();
  for (const part of query.slice(1).split('&')) {
    if (part === '') continue;
    const [name = '', ...rest] = part.split('=');
    const decodedName = decoded(name);
    const value = decoded(rest.join('='));
    if (decodedName === undefined || value === undefined) return undefined;
    if (parameters.has(decodedName)) return undefined;
    parameters.set(decodedName, value);
  }
  return parameters;
}

/** A plus sign stands for itself: media types have it, and clients send it as it is. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // the only thing it throws is that the encoding is malformed
  }
}
