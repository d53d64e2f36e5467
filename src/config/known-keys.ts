// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../core/oci/json-object.ts';

/** The keys that a JSON Schema knows at a place, of every alternative there. */
export function keysAt(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  const places = path.reduce<readonly unknown[]>(
    (above, part) => above.flatMap(alternatives).map((place) => below(place, part)),
    [schema],
  );
  const keys = places.flatMap(alternatives).flatMap((place) => Object.keys(propertiesOf(place)));
  return [...new Set(keys)];
}

/** The one of the words that was probably meant: at most a third of it has to change. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  const [nearest] = words
    .map((known) => ({ known, changes: changesBetween(word, known) }))
    .filter(({ known, changes }) => changes <= Math.max(1, known.length / 3))
    .toSorted((one, other) => one.changes - other.changes);
  return nearest?.known;
}

function alternatives(schema: unknown): readonly unknown[] {
  if (!isObject(schema)) return [];
  const { anyOf = [], oneOf = [], allOf = [] } = schema;
  const several = [anyOf, oneOf, allOf].flatMap((one) => (Array.isArray(one) ? one : []));
  return [schema, ...several.flatMap(alternatives)];
}

function below(schema: unknown, part: PropertyKey): unknown {
  if (!isObject(schema)) return undefined;
  if (typeof part !== 'number') return propertiesOf(schema)[String(part)];
  const { prefixItems, items } = schema;
  return (Array.isArray(prefixItems) ? prefixItems[part] : undefined) ?? items;
}

function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> {
  const properties = isObject(schema) ? schema['properties'] : undefined;
  return isObject(properties) ? properties : {};
}

/** How many characters have to be added, taken away or replaced. */
function changesBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [place, character] of [...one].entries()) {
    const next = [place + 1];
    for (const [index, wanted] of [...other].entries()) {
      const replaced = (row[index] ?? 0) + (character === wanted ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
