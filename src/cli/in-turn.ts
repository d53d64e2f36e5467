// SPDX-License-Identifier: Apache-2.0

/** Does one piece of work after the other, in the order they were asked for. */
export function oneAfterAnother(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    // Whoever asked hears of a failure; the next one is not concerned.
    last = result.catch(() => undefined);
    return result;
  };
}
