// SPDX-License-Identifier: Apache-2.0

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of whatever came from another process; none of what is no object. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
