// SPDX-License-Identifier: Apache-2.0

/** One key that differs; a side that lacks it is undefined. */
export interface DocumentChange {
  /** As in `backends.0.url`. */
  readonly key: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Every leaf in which two documents differ, in the order of the documents. */
export function documentChanges(before: unknown, after: unknown): DocumentChange[] {
  const [old, next] = [leavesOf(before), leavesOf(after)];
  const keys = new Set([...old.keys(), ...next.keys()]);
  return [...keys]
    .map((key) => ({ key, before: old.get(key), after: next.get(key) }))
    .filter((change) => change.before !== change.after);
}

function leavesOf(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, JSON.stringify(value)]]);
  const prefix = path === '' ? '' : `${path}.`;
  return new Map(
    Object.entries(value).flatMap(([key, inner]) => [...leavesOf(inner, `${prefix}${key}`)]),
  );
}
