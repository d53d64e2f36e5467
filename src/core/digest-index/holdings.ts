// SPDX-License-Identifier: Apache-2.0
import { at } from '../bytes.ts';
import { compareAt, type DigestSet, digestSet, isSameSet, placeOf } from './digest-set.ts';

/**
 * Which backends hold which digests of one algorithm: one sorted set for all of them, and for each digest
 * the number of a *group*, a set of backends. Backends that were filled alike share a group, so forty of
 * them cost no more than one.
 */
export interface Holdings {
  readonly digests: DigestSet;
  /** Parallel to `digests`: the group of each; wide only when there are more groups than 16 bits can number. */
  readonly groupOf: GroupColumn;
  readonly groups: ReadonlyArray<ReadonlySet<string>>;
}

type GroupColumn = Uint16Array | Uint32Array;

const NARROW_GROUPS = 2 ** 16;

export const NO_HOLDINGS: Holdings = {
  digests: digestSet(0),
  groupOf: new Uint16Array(0),
  groups: [],
};

export function isHeldBy(
  { digests, groupOf, groups }: Holdings,
  hex: string,
  backend: string,
): boolean {
  const place = placeOf(digests, hex);
  return place !== -1 && groups[at(groupOf, place)]?.has(backend) === true;
}

/** Adds what one more backend holds. The result is new; what it was made from stays as it is. */
export function withBackend(holdings: Holdings, backend: string, held: DigestSet): Holdings {
  const groups = [...holdings.groups];
  const joined = new Map<number, number>();
  const alone = once(() => groups.push(new Set([backend])) - 1);
  const join = (group: number): number => {
    const known = joined.get(group);
    if (known !== undefined) return known;
    const number = groups.push(new Set(holdings.groups[group]).add(backend)) - 1;
    joined.set(group, number);
    return number;
  };
  const merged = isSameSet(holdings.digests, held)
    ? { digests: holdings.digests, groupOf: Uint32Array.from(holdings.groupOf, join) }
    : merge(holdings, held, { join, alone });
  return renumbered({ ...merged, groups });
}

interface Numbering {
  /** The group of a digest that this backend holds as well as those of a group. */
  readonly join: (group: number) => number;
  /** The group of a digest that nobody else holds. */
  readonly alone: () => number;
}

function once(make: () => number): () => number {
  let made: number | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Walks both sorted sets side by side, twice: to know the size first halves the memory that is needed at once. */
function merge(
  holdings: Holdings,
  held: DigestSet,
  { join, alone }: Numbering,
): Pick<Holdings, 'digests' | 'groupOf'> {
  const { digests: old, groupOf: oldGroupOf } = holdings;
  const size = old.size + held.size - sharedCount(old, held);
  const digests = digestSet(size);
  const groupOf = new Uint32Array(size);
  let [left, right] = [0, 0];
  for (let place = 0; place < size; place += 1) {
    const order = orderAt(old, left, held, right);
    if (order <= 0) copy(old, left, digests, place);
    else copy(held, right, digests, place);
    if (order < 0) groupOf[place] = at(oldGroupOf, left);
    else groupOf[place] = order === 0 ? join(at(oldGroupOf, left)) : alone();
    if (order <= 0) left += 1;
    if (order >= 0) right += 1;
  }
  return { digests, groupOf };
}

function sharedCount(a: DigestSet, b: DigestSet): number {
  let [left, right, shared] = [0, 0, 0];
  while (left < a.size && right < b.size) {
    const order = compareAt(a, left, b, right);
    if (order === 0) shared += 1;
    if (order <= 0) left += 1;
    if (order >= 0) right += 1;
  }
  return shared;
}

/** What is used up comes after everything. */
function orderAt(a: DigestSet, left: number, b: DigestSet, right: number): number {
  if (left === a.size) return 1;
  return right === b.size ? -1 : compareAt(a, left, b, right);
}

function copy(from: DigestSet, place: number, to: DigestSet, target: number): void {
  to.high[target] = at(from.high, place);
  to.middle[target] = at(from.middle, place);
  to.low[target] = at(from.low, place);
}

/** Takes out what one backend holds; digests that nobody else holds go. */
export function withoutBackend(holdings: Holdings, backend: string): Holdings {
  const groups = holdings.groups.map(
    (group) => new Set([...group].filter((name) => name !== backend)),
  );
  const isLeft = (place: number) => groups[at(holdings.groupOf, place)]?.size !== 0;
  const { digests, groupOf } = kept(holdings, isLeft);
  return renumbered({ digests, groupOf, groups });
}

/** The digests that are to stay, in a set of their own; when all are, the same set. */
function kept(
  { digests, groupOf }: Holdings,
  isLeft: (place: number) => boolean,
): Pick<Holdings, 'digests' | 'groupOf'> {
  let size = 0;
  for (let place = 0; place < digests.size; place += 1) size += isLeft(place) ? 1 : 0;
  if (size === digests.size) return { digests, groupOf };
  const left = { digests: digestSet(size), groupOf: new Uint32Array(size) };
  let next = 0;
  for (let place = 0; place < digests.size; place += 1) {
    if (!isLeft(place)) continue;
    copy(digests, place, left.digests, next);
    left.groupOf[next] = at(groupOf, place);
    next += 1;
  }
  return left;
}

/** Equal groups become one, and those that nothing is in go: else every change would leave some behind. */
function renumbered({ digests, groupOf, groups }: Holdings): Holdings {
  const used = new Set(groupOf);
  const numbers = new Uint32Array(groups.length);
  const numberOf = new Map<string, number>();
  const left: Array<ReadonlySet<string>> = [];
  for (const [number, group] of groups.entries()) {
    if (!used.has(number)) continue;
    const key = [...group].sort().join('\n');
    const known = numberOf.get(key) ?? left.push(group) - 1;
    numberOf.set(key, known);
    numbers[number] = known;
  }
  const column = groupColumn(groupOf.length, left.length);
  for (let place = 0; place < groupOf.length; place += 1) {
    column[place] = at(numbers, at(groupOf, place));
  }
  return { digests, groupOf: column, groups: left };
}

function groupColumn(size: number, groups: number): GroupColumn {
  return groups > NARROW_GROUPS ? new Uint32Array(size) : new Uint16Array(size);
}
