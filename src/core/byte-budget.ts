// SPDX-License-Identifier: Apache-2.0

/** Memory that pieces of work share. */
export interface ByteBudget {
  /** Does some work that takes so many bytes once there is room for it; what is too large for all of it is done alone. */
  within<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

/** First come, first served: else what is large would wait for ever. */
export function byteBudget(total: number): ByteBudget {
  const waiting: Array<{ readonly bytes: number; readonly begin: () => void }> = [];
  let taken = 0;
  const admit = (): void => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (taken > 0 && taken + next.bytes > total) return;
      waiting.shift();
      taken += next.bytes;
      next.begin();
    }
  };
  return {
    async within(bytes, work) {
      await new Promise<void>((begin) => {
        waiting.push({ bytes, begin });
        admit();
      });
      try {
        return await work();
      } finally {
        taken -= bytes;
        admit();
      }
    },
  };
}
