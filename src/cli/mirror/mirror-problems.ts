// SPDX-License-Identifier: Apache-2.0

/** What went wrong: all of it is counted, and what came first is kept. */
export interface MirrorProblems {
  note(problem: string): void;
  count(): number;
  kept(): readonly string[];
}

/** A source that refuses a million repositories has a million problems. */
const MOST_KEPT = 1_000;

export function mirrorProblems(): MirrorProblems {
  const kept: string[] = [];
  let count = 0;
  return {
    note(problem) {
      count += 1;
      if (count <= MOST_KEPT) kept.push(problem);
    },
    count: () => count,
    kept: () => kept,
  };
}
