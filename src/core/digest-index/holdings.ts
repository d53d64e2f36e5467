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

/** In bytes; undefined for what is not in the set, is empty, or was read without its size. */
export function sizeIn({ digests }: Holdings, hex: string): number | undefined {
  return digests.sizes?.[placeOf(digests, hex)] || undefined;
}

/** Adds what one more backend holds. The result is new; what it was made from stays as it is. */
export function withBackend(holdings: Holdings, backend: string, held: DigestSet): Holdings {
  // Each group gets a twin that holds for the new backend as well; the last one is that backend's own.
  const twins = holdings.groups.map((group) => new Set(group).add(backend));
  const groups = [...holdings.groups, ...twins, new Set([backend])];
  return renumbered({ ...merged(holdings, held), groups });
}

type Columns = Pick<Holdings, 'digests' | 'groupOf'>;

/** Numbers as `withBackend` lays the groups out: a group's twin is as many places on as there are groups. */
function merged(holdings: Holdings, held: DigestSet): Columns {
  const { digests, groupOf, groups } = holdings;
  // A set that is the same is shared: forty backends filled alike have one between them.
  if (digests.size === 0) return { digests: held, groupOf: groupColumn(held.size, 1) };
  if (!isSameSet(digests, held)) return merge(holdings, held);
  const twinOf = groupColumn(digests.size, 2 * groups.length);
  for (let place = 0; place < digests.size; place += 1) {
    twinOf[place] = at(groupOf, place) + groups.length;
  }
  return { digests, groupOf: twinOf };
}

/** Walks both sorted sets side by side, twice: to know the size first halves the memory that is needed at once. */
function merge({ digests: old, groupOf, groups }: Holdings, held: DigestSet): Columns {
  const size = old.size + held.size - sharedCount(old, held);
  const digests = digestSet(size, old.sizes !== undefined);
  const numbers = groupColumn(size, 2 * groups.length + 1);
  let [left, right] = [0, 0];
  for (let place = 0; place < size; place += 1) {
    const order = orderAt(old, left, held, right);
    if (order > 0) {
      copy(held, right, digests, place);
      numbers[place] = 2 * groups.length;
    } else {
      copy(old, left, digests, place);
      numbers[place] = at(groupOf, left) + (order === 0 ? groups.length : 0);
    }
    if (order <= 0) left += 1;
    if (order >= 0) right += 1;
  }
  return { digests, groupOf: numbers };
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
  if (to.sizes && from.sizes) to.sizes[target] = at(from.sizes, place);
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
function kept({ digests, groupOf, groups }: Holdings, isLeft: (place: number) => boolean): Columns {
  let size = 0;
  for (let place = 0; place < digests.size; place += 1) size += isLeft(place) ? 1 : 0;
  if (size === digests.size) return { digests, groupOf };
  const left = {
    digests: digestSet(size, digests.sizes !== undefined),
    groupOf: groupColumn(size, groups.length),
  };
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
  const isUsed = new Uint8Array(groups.length);
  for (let place = 0; place < groupOf.length; place += 1) isUsed[at(groupOf, place)] = 1;
  const numbers = new Uint32Array(groups.length);
  const numberOf = new Map<string, number>();
  const left: Array<ReadonlySet<string>> = [];
  for (const [number, group] of groups.entries()) {
    if (at(isUsed, number) === 0) continue;
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
