// SPDX-License-Identifier: Apache-2.0

/** Does work when its turn comes; undefined when so much is waiting that its turn would come too late. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T> | undefined;

export function fewAtOnce(atOnce: number, mostWaiting: number): InTurn {
  const waiting: Array<() => void> = [];
  let running = 0;
  const begin = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // Whoever is next takes over the place, so that nobody slips in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
  return (work) => (running >= atOnce && waiting.length >= mostWaiting ? undefined : begin(work));
}
