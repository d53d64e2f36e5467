// SPDX-License-Identifier: Apache-2.0

/** Requests to a store under way at a time. */
const AT_A_TIME = 4;

/** A few at a time; what was begun has ended before a failure is thrown. */
export async function inTurn<T>(
  items: readonly T[],
  work: (item: T, place: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  let hasFailed = false;
  const take = async (): Promise<void> => {
    for (const [place, item] of queue) {
      if (hasFailed) return;
      await work(item, place);
    }
  };
  const takers = Array.from({ length: AT_A_TIME }, () =>
    take().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(takers)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
