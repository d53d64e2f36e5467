// SPDX-License-Identifier: Apache-2.0

/** An object of a parsed document. A key `__proto__` in it is a key like any other. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

/**
 * The name that one of an object's keys is a misspelling of, when it differs in case only.
 *
 * Most clients are written in Go, whose decoder takes `Layers` for `layers`: such a document would say
 * one thing to us and another to them. Its folding also knows the long s and the Kelvin sign, hence both
 * directions here.
 */
export function misspelledKey(object: JsonObject, names: readonly string[]): string | undefined {
  const folded = new Map(names.map((name) => [fold(name), name]));
  for (const key of Object.keys(object)) {
    const name = folded.get(fold(key));
    if (name !== undefined && name !== key) return name;
  }
  return undefined;
}

function fold(text: string): string {
  return text.toUpperCase().toLowerCase();
}
