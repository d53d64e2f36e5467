// SPDX-License-Identifier: Apache-2.0

/** Again and again, never twice at once; each time a little earlier or later, so that replicas spread out. */
export function repeat(work: () => Promise<void>, interval: number) {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const again = () => {
    if (isOver) return;
    timer = setTimeout(() => void work().then(again), interval * (0.9 + 0.2 * Math.random()));
    timer.unref();
  };
  const first = work();
  void first.then(again);
  const end = () => {
    isOver = true;
    clearTimeout(timer);
  };
  return { first, end };
}
