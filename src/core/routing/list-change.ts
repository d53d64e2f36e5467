// SPDX-License-Identifier: Apache-2.0

export interface ListChange {
  readonly kind: 'accepted';
  /** Whether anything differs. */
  readonly isNew: boolean;
  readonly size: number;
  readonly added: number;
  readonly removed: number;
}

export type ListVerdict =
  | ListChange
  | {
      readonly kind: 'refused';
      readonly problem: string;
    };

/**
 * Compares a list with the one before it, undefined for the first. What is empty or lost too much is refused: it
 * was cut off on its way more likely than it shrank.
 *
 * @param mayShrinkBy the share of the old entries that may be gone, 0 to 1
 */
export function listChange(
  before: ReadonlySet<string> | undefined,
  after: ReadonlySet<string>,
  mayShrinkBy: number,
): ListVerdict {
  const { size } = after;
  if (size === 0) return { kind: 'refused', problem: 'it names no repository' };
  const added = countMissing(after, before ?? new Set());
  const removed = countMissing(before ?? new Set(), after);
  const old = before?.size ?? 0;
  if (removed > old * mayShrinkBy) {
    const problem = `it lost ${removed} of ${old} names, more than the share mayShrinkBy of ${mayShrinkBy} allows`;
    return { kind: 'refused', problem };
  }
  return { kind: 'accepted', isNew: added + removed > 0, size, added, removed };
}

function countMissing(names: ReadonlySet<string>, from: ReadonlySet<string>): number {
  let missing = 0;
  for (const name of names) missing += from.has(name) ? 0 : 1;
  return missing;
}
