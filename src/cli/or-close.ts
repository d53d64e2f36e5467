// SPDX-License-Identifier: Apache-2.0

/** A listener or a connection that stays open keeps a process alive that has nothing left to do. */
export async function orClose<Result>(
  opened: { close(): unknown },
  open: () => Promise<Result>,
): Promise<Result> {
  try {
    return await open();
  } catch (error) {
    await opened.close();
    throw error;
  }
}
