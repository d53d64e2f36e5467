// SPDX-License-Identifier: Apache-2.0

/** Something that is good for some time. */
export interface Expiring<T> {
  readonly value: T;
  /** By the same clock as that of whoever asks for it again; milliseconds. */
  readonly expiresAt: number;
}

export interface RenewedOptions {
  readonly now: () => number;
  /** Milliseconds before its end from which on it counts as over: clocks differ, and a request takes its time. */
  readonly early: number;
}

/** The same again until it is nearly over; those who ask at once wait for one answer. */
export function renewed<T>(
  fetch: () => Promise<Expiring<T>>,
  { now, early }: RenewedOptions,
): () => Promise<T> {
  let held: Expiring<T> | undefined;
  let coming: Promise<Expiring<T>> | undefined;
  return async () => {
    if (held !== undefined && held.expiresAt - early > now()) return held.value;
    coming ??= fetch().finally(() => {
      coming = undefined;
    });
    held = await coming;
    return held.value;
  };
}
