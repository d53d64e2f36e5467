// SPDX-License-Identifier: Apache-2.0

/** Addresses as points on a line: numbers hold those of IPv4 exactly, bigints those of IPv6. */
export type Point = number | bigint;

export interface Line<P extends Point> {
  readonly first: P;
  readonly last: P;
  readonly after: (point: P) => P;
}

/** A prefix as a stretch of the line, both ends included. Two blocks lie apart, or one inside the other. */
export interface Block<P extends Point, T> {
  readonly first: P;
  readonly last: P;
  readonly value: T;
}

/** From this point on, up to the start of the next range, this value holds; undefined where no block lies. */
export interface Range<P extends Point, T> {
  readonly start: P;
  readonly value: T | undefined;
}

/**
 * Cuts nested blocks into ranges that lie side by side, so that a lookup is one search: the smallest
 * block wins, and of two equal ones the first given. The ranges are sorted and begin with the line.
 */
export function disjointRanges<P extends Point, T>(
  blocks: readonly Block<P, T>[],
  line: Line<P>,
): readonly Range<P, T>[] {
  const ranges: Range<P, T>[] = [{ start: line.first, value: undefined }];
  const open: Block<P, T>[] = [];
  const closeBefore = (point: P | undefined): void => {
    for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
      if (point !== undefined && point <= inner.last) return;
      open.pop();
      // Behind the end of the line there is nothing to go back to.
      if (inner.last === line.last) continue;
      ranges.push({ start: line.after(inner.last), value: open.at(-1)?.value });
    }
  };
  for (const block of [...blocks].sort(outerFirst)) {
    closeBefore(block.first);
    if (isSame(block, open.at(-1))) continue;
    ranges.push({ start: block.first, value: block.value });
    open.push(block);
  }
  closeBefore(undefined);
  return withoutRepeats(ranges);
}

/** By their start; of those that start together the widest first. Equal ones keep their order. */
function outerFirst(a: Block<Point, unknown>, b: Block<Point, unknown>): number {
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  if (a.last === b.last) return 0;
  return a.last > b.last ? -1 : 1;
}

function isSame(block: Block<Point, unknown>, outer: Block<Point, unknown> | undefined): boolean {
  return outer !== undefined && outer.first === block.first && outer.last === block.last;
}

/** Of several ranges from one point the last counts; one that repeats its neighbour's value says nothing. */
function withoutRepeats<P extends Point, T>(ranges: readonly Range<P, T>[]): Range<P, T>[] {
  const counting = ranges.filter((range, place) => range.start !== ranges[place + 1]?.start);
  return counting.filter(({ value }, place) => place === 0 || value !== counting[place - 1]?.value);
}
