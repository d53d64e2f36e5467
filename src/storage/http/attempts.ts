// SPDX-License-Identifier: Apache-2.0

/** Milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

const FOR_THE_MOMENT = [408, 429, 500, 502, 503, 504];

/** Whether what was refused may be granted when it is asked again. */
export function isWorthAnother(status: number, attempt: number, most: number): boolean {
  return attempt < most && FOR_THE_MOMENT.includes(status);
}

/**
 * Milliseconds until the next attempt: twice as long each time, a random part of it, or what the store asks for.
 *
 * @param attempt the one that failed, from 1
 */
export function delayBefore(
  attempt: number,
  retryAfter: string | undefined,
  random: () => number = Math.random,
): number {
  const asked = Number(retryAfter ?? 0) * 1000;
  const pause = FIRST_PAUSE * 2 ** attempt * (0.5 + random() / 2);
  return Math.min(LONGEST_PAUSE, Number.isFinite(asked) ? Math.max(asked, pause) : pause);
}
