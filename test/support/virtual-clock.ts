// SPDX-License-Identifier: Apache-2.0

export interface VirtualClock {
  readonly now: () => number;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Has time pass, from one sleeper that wakes to the next, until nobody sleeps any more. */
  run(): Promise<void>;
}

/** A clock that stands still while anybody is awake. */
export function virtualClock(): VirtualClock {
  let now = 0;
  const sleepers: Array<{ readonly at: number; readonly wake: () => void }> = [];
  // Everybody who waits for nothing but their turn has it.
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((wake, reject) => {
        sleepers.push({ at: now + milliseconds, wake });
        signal?.addEventListener('abort', () => reject(signal.reason));
      }),
    async run() {
      for (await settle(); sleepers.length > 0; await settle()) {
        sleepers.sort((one, other) => one.at - other.at);
        const next = sleepers.shift();
        now = Math.max(now, next?.at ?? 0);
        next?.wake();
      }
    },
  };
}
