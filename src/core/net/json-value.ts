// SPDX-License-Identifier: Apache-2.0

/** Whether a JSON value is an object: neither an array nor null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of a JSON value; undefined when it has none, or is no object. */
export function fieldOf(value: unknown, name: string): unknown {
  // Own fields only: what a document does not say must not be read from a prototype.
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
