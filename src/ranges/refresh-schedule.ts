// SPDX-License-Identifier: Apache-2.0

/** How soon a feed that could not be had is asked for again; milliseconds. */
const RETRY_AFTER = 300_000;

export interface Waiting {
  /** Between two refreshes, in milliseconds. */
  readonly interval: number;
  /** 0 to 1, chosen at random: fronts that were started together do not ask together for ever. */
  readonly chance: number;
}

/**
 * How long to wait before the first refresh. `ages` says how long ago each feed was confirmed, in milliseconds,
 * undefined for one without a copy. An interval that began before a restart goes on.
 */
export function firstDelay(
  ages: readonly (number | undefined)[],
  { interval, chance }: Waiting,
): number {
  const left = ages.map((age) => (age === undefined ? 0 : interval - age));
  // A clock that was put back must not put the refresh off.
  const soonest = Math.min(interval, ...left);
  return soonest <= 0 ? 0 : spread(soonest, chance);
}

/** How long to wait after a refresh; less when a feed could not be had. */
export function nextDelay(hasFailed: boolean, { interval, chance }: Waiting): number {
  return spread(hasFailed ? Math.min(interval, RETRY_AFTER) : interval, chance);
}

/** A tenth more or less. */
function spread(delay: number, chance: number): number {
  return Math.round(delay * (0.9 + 0.2 * chance));
}
