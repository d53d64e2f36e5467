// SPDX-License-Identifier: Apache-2.0

/** The parameters of a request; each may come more than once. */
export type QueryValues = ReadonlyMap<string, readonly string[]>;

const NONE: QueryValues = new Map();

/**
 * Reads a query, percent-decoded once. Undefined when it is malformed.
 *
 * @param query with its question mark, or empty
 */
export function parseQueryValues(query: string): QueryValues | undefined {
  if (query === '') return NONE;
  const parameters = new Map<string, string[]>();
  for (const part of query.slice(1).split('&')) {
    if (part === '') continue;
    const [name = '', ...rest] = part.split('=');
    const decodedName = decoded(name);
    const value = decoded(rest.join('='));
    if (decodedName === undefined || value === undefined) return undefined;
    const values = parameters.get(decodedName);
    if (values === undefined) parameters.set(decodedName, [value]);
    else values.push(value);
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
