// SPDX-License-Identifier: Apache-2.0

/** A worker that lived so long in milliseconds did not die of its start. */
const LONG_LIFE = 60_000;
const FIRST_DELAY = 100;
const LONGEST_DELAY = 10_000;

/**
 * How many milliseconds the replacement of a worker waits: none after a long life, else twice as long as the
 * time before. Workers that die of their start shall not keep a machine busy starting them.
 *
 * @param before what the worker that died had waited itself
 */
export function restartDelay(lived: number, before: number): number {
  if (lived >= LONG_LIFE) return 0;
  return Math.min(Math.max(2 * before, FIRST_DELAY), LONGEST_DELAY);
}
