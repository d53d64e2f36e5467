// SPDX-License-Identifier: Apache-2.0

/** Something that is good for some time. */
export interface Expiring<T> {
  readonly value: T;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Milliseconds: clocks differ, and a request takes its time. */
const EARLY = 240_000;

/** The same again until it is nearly over; those who ask at once wait for one answer. */
export function renewed<T>(
  fetch: () => Promise<Expiring<T>>,
  now: () => number = Date.now,
): () => Promise<T> {
  let held: Expiring<T> | undefined;
  let coming: Promise<Expiring<T>> | undefined;
  return async () => {
    if (held !== undefined && held.expiresAt - EARLY > now()) return held.value;
    coming ??= fetch().finally(() => {
      coming = undefined;
    });
    held = await coming;
    return held.value;
  };
}
